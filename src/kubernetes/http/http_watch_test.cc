#include "kubernetes/http/transport_bench_for_test.h"

namespace slipway::kubernetes {
namespace {

TEST_CASE("a watch opens, says its lines and ends") {
  Received seen;
  TransportBench bench([&](const Received& request, const ConnectionPointer& to) {
    seen = request;
    to->write(http_stream_head());
    to->write(http_chunk("{\"a\":1}\n{\"b\":2}\n\n{\"c\""));
    to->write(http_chunk(":3}\nlast"));
    to->write(http_chunk(""));
  });
  Watcher watcher;
  const auto stream = bench.transport().open({.target = "/pods?watch=true"}, watcher.events());
  CHECK(watcher.said.empty());
  REQUIRE(run_until(*bench.loop, [&] { return watcher.end.has_value(); }));
  CHECK(watcher.said ==
        std::vector<std::string>{"open 200", "{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "last"});
  CHECK(watcher.ended_cleanly());
  CHECK(seen.header("accept-encoding").empty());
}

TEST_CASE("a watch is open before its first event") {
  TransportBench bench(answering(http_stream_head()));
  Watcher watcher;
  const auto stream = bench.transport().open({.target = "/pods?watch=true"}, watcher.events());
  REQUIRE(run_until(*bench.loop, [&] { return !watcher.said.empty(); }));
  CHECK(watcher.said == std::vector<std::string>{"open 200"});
  CHECK_FALSE(watcher.end);
}

TEST_CASE("a watch's lines come whole however its bytes are cut") {
  const std::string body = "{\"type\":\"ADDED\"}\n{\"text\":\"\xc3\xa9\"}\n{}\n";
  TransportBench bench([&](const Received&, const ConnectionPointer& to) {
    to->write(http_stream_head());
    for (const char byte : body) to->write(http_chunk(std::string(1, byte)));
    to->write(http_chunk(""));
  });
  Watcher watcher;
  const auto stream = bench.transport().open({.target = "/pods?watch=true"}, watcher.events());
  REQUIRE(run_until(*bench.loop, [&] { return watcher.end.has_value(); }));
  CHECK(watcher.said == std::vector<std::string>{"open 200", "{\"type\":\"ADDED\"}",
                                                 "{\"text\":\"\xc3\xa9\"}", "{}"});
}

TEST_CASE("a watch that breaks says so, after its whole lines") {
  TransportBench bench([](const Received&, const ConnectionPointer& to) {
    to->write(http_stream_head() + http_chunk("one\ntwo\nthr"));
    to->close();
  });
  Watcher watcher;
  const auto stream = bench.transport().open({.target = "/pods?watch=true"}, watcher.events());
  REQUIRE(run_until(*bench.loop, [&] { return watcher.end.has_value(); }));
  CHECK(watcher.said == std::vector<std::string>{"open 200", "one", "two"});
  REQUIRE_FALSE(*watcher.end);
  CHECK(mentions(watcher.end->error(), "the connection broke"));
}

TEST_CASE("a refused watch brings the refusal whole") {
  TransportBench bench(answering(http_answer(410, R"({"kind":"Status","code":410})")));
  Watcher watcher;
  const auto stream = bench.transport().open({.target = "/pods?watch=true"}, watcher.events());
  REQUIRE(run_until(*bench.loop, [&] { return watcher.end.has_value(); }));
  CHECK(watcher.said == std::vector<std::string>{"open 410"});
  REQUIRE(*watcher.end);
  CHECK((*watcher.end)->status == 410);
  CHECK((*watcher.end)->body == R"({"kind":"Status","code":410})");
}

TEST_CASE("a watch without an answer ends with its timeout, but never once it is open") {
  TransportBench bench([](const Received& request, const ConnectionPointer& to) {
    if (request.line.find("mute") == std::string::npos) to->write(http_stream_head());
  });
  Request request{.target = "/pods?watch=true"};
  request.timeout = 50_ms;
  Watcher open;
  const auto stream = bench.transport().open(request, open.events());
  REQUIRE(run_until(*bench.loop, [&] { return !open.said.empty(); }));
  Watcher mute;
  request.target = "/mute?watch=true";
  const auto other = bench.transport().open(request, mute.events());
  REQUIRE(run_until(*bench.loop, [&] { return mute.end.has_value(); }));
  REQUIRE_FALSE(*mute.end);
  CHECK(mentions(mute.end->error(), "no answer within 50ms"));
  CHECK_FALSE(open.end);
}

TEST_CASE("a line without end ends the watch before it fills the memory") {
  const std::string much(1 << 20, 'x');
  TransportBench bench({.identity = {}, .client_authority = ""},
                       [&](const Received&, const ConnectionPointer& to) {
                         to->write(http_stream_head());
                         for (int i = 0; i < 70; ++i) to->write(http_chunk(much));
                       });
  Watcher watcher;
  const auto stream = bench.transport().open({.target = "/pods?watch=true"}, watcher.events());
  REQUIRE(run_until(*bench.loop, [&] { return watcher.end.has_value(); }));
  REQUIRE_FALSE(*watcher.end);
  CHECK(mentions(watcher.end->error(), "has no end"));
  REQUIRE(run_until(*bench.loop, [&] { return bench.server.open() == 0; }));
}

TEST_CASE("a stream that is destroyed says no more, and its connection ends") {
  TransportBench bench([](const Received& request, const ConnectionPointer& to) {
    if (request.line.find("watch") == std::string::npos) return to->write(http_answer(200, "{}"));
    to->write(http_stream_head() + http_chunk("one\ntwo\nthree\n"));
  });
  std::unique_ptr<Stream> stream;
  Watcher watcher;
  StreamEvents events = watcher.events();
  SUBCASE("before the answer") {
    stream = bench.transport().open({.target = "/pods?watch=true"}, std::move(events));
    stream = nullptr;
    REQUIRE(bench.get("/pods"));
    CHECK(watcher.said.empty());
    return;
  }
  SUBCASE("when it opens") {
    events.on_open = [&](int) { stream = nullptr; };
    stream = bench.transport().open({.target = "/pods?watch=true"}, std::move(events));
    REQUIRE(run_until(*bench.loop, [&] { return stream == nullptr; }));
    CHECK(watcher.said.empty());
  }
  SUBCASE("inside a line's callback") {
    events.on_line = [&](std::string_view line) {
      watcher.said.emplace_back(line);
      stream = nullptr;
    };
    stream = bench.transport().open({.target = "/pods?watch=true"}, std::move(events));
    REQUIRE(run_until(*bench.loop, [&] { return stream == nullptr; }));
    CHECK(watcher.said == std::vector<std::string>{"open 200", "one"});
  }
  REQUIRE(run_until(*bench.loop, [&] { return bench.server.open() == 0; }));
  CHECK_FALSE(watcher.end);
}

TEST_CASE("a transport may be destroyed at any time, and nobody is called after that") {
  TransportBench bench([](const Received& request, const ConnectionPointer& to) {
    if (request.line.find("watch") != std::string::npos) {
      to->write(http_stream_head() + http_chunk("one\ntwo\n"));
    } else if (request.line.find("mute") == std::string::npos) {
      to->write(http_answer(200, "{}"));
    }
  });
  std::unique_ptr<Stream> stream;
  int calls = 0;
  const auto never = [](const Result<Response>&) { CHECK(false); };
  SUBCASE("with requests under way") {
    for (int i = 0; i < 200; ++i) bench.transport().send({.target = "/mute"}, never);
    REQUIRE(run_until(*bench.loop, [&] { return bench.server.accepted() > 0; }));
    bench.made = nullptr;
  }
  SUBCASE("inside a request's callback") {
    bench.transport().send({.target = "/mute"}, never);
    bench.transport().send({.target = "/x"}, [&](const Result<Response>&) {
      ++calls;
      bench.made = nullptr;
    });
    REQUIRE(run_until(*bench.loop, [&] { return calls == 1; }));
  }
  SUBCASE("inside a stream's callback") {
    Watcher watcher;
    StreamEvents events = watcher.events();
    events.on_line = [&](std::string_view) {
      ++calls;
      bench.made = nullptr;
    };
    stream = bench.transport().open({.target = "/watch"}, std::move(events));
    REQUIRE(run_until(*bench.loop, [&] { return bench.made == nullptr; }));
    CHECK(calls == 1);
    CHECK_FALSE(watcher.end);
  }
  REQUIRE(run_until(*bench.loop, [&] { return bench.server.open() == 0; }));
  stream = nullptr;
}

}  // namespace
}  // namespace slipway::kubernetes
