# The program, its libraries and nothing else, from the same `make build` that people run:
#   docker build -t registry.example/slipway:0.1.0 .
FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends make git
WORKDIR /src
COPY . .
RUN make build && scripts/image-root build/release/slipway /image

FROM scratch
COPY --from=build /image/ /
USER 65532:65532
ENTRYPOINT ["/usr/bin/slipway"]
CMD ["controller"]
