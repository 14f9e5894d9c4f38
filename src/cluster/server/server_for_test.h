#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/yaml.h"
#include "cluster/api_server.h"
#include "kubernetes/virtual_event_loop.h"

namespace slipway::cluster {

/// An API server alone, in virtual time, spoken to in YAML. For tests.
class ServerForTest {
 public:
  explicit ServerForTest(ApiServer::Options options = {}) : server_(loop_, std::move(options)) {}

  kubernetes::VirtualEventLoop& loop() { return loop_; }
  ApiServer& server() { return server_; }

  kubernetes::Response send(kubernetes::Request request) {
    kubernetes::Response response = server_.handle(request);
    loop_.run_ready();
    return response;
  }
  kubernetes::Response get(const std::string& target,
                           std::string_view accept = kubernetes::media::json) {
    return send({.target = target, .accept = std::string(accept)});
  }
  kubernetes::Response create(const std::string& target, std::string_view yaml) {
    return send({.method = kubernetes::Method::post, .target = target, .body = json(yaml)});
  }
  kubernetes::Response replace(const std::string& target, std::string_view yaml) {
    return send({.method = kubernetes::Method::put, .target = target, .body = json(yaml)});
  }
  kubernetes::Response merge(const std::string& target, std::string_view yaml) {
    return patch(target, kubernetes::media::merge_patch, yaml);
  }
  kubernetes::Response patch(const std::string& target, std::string_view type,
                             std::string_view yaml) {
    return send({.method = kubernetes::Method::patch,
                 .target = target,
                 .content_type = std::string(type),
                 .body = json(yaml)});
  }
  kubernetes::Response remove(const std::string& target, std::string_view yaml = {}) {
    return send({.method = kubernetes::Method::delete_,
                 .target = target,
                 .body = yaml.empty() ? std::string() : json(yaml)});
  }

  /// Creates what must not be refused, and returns it.
  Json made(const std::string& target, std::string_view yaml) {
    const kubernetes::Response response = create(target, yaml);
    REQUIRE_MESSAGE(response.status == 201, response.body);
    return body(response);
  }
  /// Reads what must be there.
  Json read(const std::string& target) {
    const kubernetes::Response response = get(target);
    REQUIRE_MESSAGE(response.status == 200, response.body);
    return body(response);
  }

  static Json body(const kubernetes::Response& response) {
    Result<Json> json = parse_json(response.body);
    REQUIRE_MESSAGE(json.has_value(), response.body);
    return std::move(*json);
  }

 private:
  static std::string json(std::string_view yaml) {
    const Result<Json> value = parse_yaml_document(yaml);
    REQUIRE_MESSAGE(value.has_value(), yaml);
    return to_text(*value);
  }

  kubernetes::VirtualEventLoop loop_;
  ApiServer server_;
};

/// A watch, and what it has said so far.
class WatchForTest {
 public:
  WatchForTest(ServerForTest& test, const std::string& target,
               std::string_view accept = kubernetes::media::json)
      : test_(test) {
    stream_ = test.server().watch({.target = target, .accept = std::string(accept)},
                                  {.on_open = [this](int code) { status = code; },
                                   .on_line =
                                       [this](std::string_view line) {
                                         Result<Json> event = parse_json(line);
                                         REQUIRE(event.has_value());
                                         events.push_back(std::move(*event));
                                       },
                                   .on_end =
                                       [this](Result<kubernetes::Response> end) {
                                         ended = true;
                                         if (end) refusal = end->body;
                                       }});
  }

  /// "ADDED a, MODIFIED b": what came since the last call.
  std::string news() {
    test_.loop().run_ready();
    std::string text;
    for (const Json& event : events) {
      text.append(text.empty() ? "" : ", ").append(event["type"].string_or_empty());
      const std::string_view name = event["object"]["metadata"]["name"].string_or_empty();
      if (!name.empty()) text.append(" ").append(name);
    }
    events.clear();
    return text;
  }
  void stop() { stream_.reset(); }

  int status = 0;
  bool ended = false;
  std::string refusal;
  std::vector<Json> events;

 private:
  ServerForTest& test_;
  std::unique_ptr<kubernetes::Stream> stream_;
};

}  // namespace slipway::cluster
