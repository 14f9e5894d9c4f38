// The API server survives any request: each line of the input is one, "METHOD TARGET TYPE BODY".
#include "base/text.h"
#include "cluster/api_server.h"
#include "fuzz.h"
#include "kubernetes/virtual_event_loop.h"

using namespace slipway;
using kubernetes::Method;

namespace {

Method method_of(std::string_view word) {
  if (word == "POST") return Method::post;
  if (word == "PUT") return Method::put;
  if (word == "PATCH") return Method::patch;
  return word == "DELETE" ? Method::delete_ : Method::get;
}

std::string media_type_of(std::string_view word) {
  if (word == "json") return std::string(kubernetes::media::json_patch);
  if (word == "merge") return std::string(kubernetes::media::merge_patch);
  if (word == "strategic") return std::string(kubernetes::media::strategic_merge_patch);
  if (word == "yaml") return "application/yaml";
  if (word == "protobuf") return "application/vnd.kubernetes.protobuf";
  if (word == "table") return "application/json;as=Table;v=v1;g=meta.k8s.io";
  return std::string(kubernetes::media::json);
}

std::string_view next_word(std::string_view& line) {
  const std::size_t end = line.find(' ');
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return word;
}

/// Many lines only make it slow.
constexpr std::size_t requests_max = 20;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kubernetes::VirtualEventLoop loop;
  cluster::ApiServer server(loop);
  std::vector<std::unique_ptr<kubernetes::Stream>> streams;
  std::size_t count = 0;
  for (std::string_view line : split(fuzz::text_of(data, size), '\n')) {
    if (++count > requests_max) break;
    kubernetes::Request request;
    request.method = method_of(next_word(line));
    request.target = next_word(line);
    const std::string type = media_type_of(next_word(line));
    (request.method == Method::get ? request.accept : request.content_type) = type;
    request.body = line;
    const std::uint64_t before = server.revision();
    if (cluster::ApiServer::is_watch(request)) {
      streams.push_back(server.watch(request, {.on_open = [](int) {},
                                               .on_line =
                                                   [](std::string_view event) {
                                                     fuzz::require(parse_json(event).has_value(),
                                                                   "an event is JSON");
                                                   },
                                               .on_end = [](Result<kubernetes::Response>) {}}));
    } else {
      const kubernetes::Response response = server.handle(request);
      fuzz::require(response.status >= 200 && response.status < 600, "every request is answered");
      fuzz::require(
          response.content_type != kubernetes::media::json || parse_json(response.body).has_value(),
          "a JSON answer is JSON");
      fuzz::require(response.status < 400 || server.revision() == before,
                    "what is refused changes nothing");
    }
    loop.run_ready();
  }
  return 0;
}
