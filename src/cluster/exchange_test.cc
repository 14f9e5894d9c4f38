#include <doctest/doctest.h>
#include <re2/re2.h>

#include <iostream>
#include <sstream>

#include "base/file_for_test.h"
#include "base/text.h"
#include "cluster/embedded_cluster.h"
#include "kubernetes/virtual_event_loop.h"

// Replays what was once asked of a real API server, and compares the answers: see
// tests/data/kubernetes. What differs is listed there, in differs.txt, with the reason.

namespace slipway::cluster {
namespace {

using kubernetes::Method;
using kubernetes::Request;
using kubernetes::Response;

constexpr const char* data_folder = "tests/data/kubernetes/";

Json parsed(std::string_view text) {
  Result<Json> json = parse_json(text);
  REQUIRE(json.has_value());
  return std::move(*json);
}

/// Plays the kubelet of the recording: binds each new pod to node-1, and a second later says that
/// it runs.
class Kubelet {
 public:
  Kubelet(ApiServer& server, kubernetes::EventLoop& loop) : server_(server), loop_(loop) {
    stream_ = server.watch({.target = "/api/v1/pods?watch=1"},
                           {.on_open = [](int) {},
                            .on_line = [this](std::string_view line) { see(parsed(line)); },
                            .on_end = [](Result<Response>) {}});
  }

 private:
  void see(const Json& event) {
    const Json& pod = event["object"];
    if (event["type"].string_or_empty() != "ADDED" || !pod["spec"]["nodeName"].is_null()) return;
    const std::string path = "/api/v1/namespaces/" + pod["metadata"]["namespace"].as_string() +
                             "/pods/" + pod["metadata"]["name"].as_string();
    const Response bound = server_.handle(
        {.method = Method::post,
         .target = path + "/binding",
         .body =
             R"({"apiVersion":"v1","kind":"Binding","target":{"kind":"Node","name":"node-1"}})"});
    REQUIRE(bound.status == 201);
    loop_.after(Duration::from_seconds(1), [this, path] {
      server_.handle({.method = Method::patch,
                      .target = path + "/status",
                      .content_type = std::string(kubernetes::media::merge_patch),
                      .body = running_status()});
    });
  }

  std::string running_status() const {
    std::string status = R"({"status":{"phase":"Running","conditions":[
        {"type":"PodScheduled","status":"True","lastTransitionTime":"T"},
        {"type":"Initialized","status":"True","lastTransitionTime":"T"},
        {"type":"ContainersReady","status":"True","lastTransitionTime":"T"},
        {"type":"Ready","status":"True","lastTransitionTime":"T"}],
        "hostIP":"127.0.0.1","podIP":"10.1.1.1","podIPs":[{"ip":"10.1.1.1"}],"startTime":"T",
        "containerStatuses":[{"name":"c","state":{"running":{"startedAt":"T"}},"lastState":{},
        "ready":true,"restartCount":0,"image":"registry.example/c:1","imageID":"",
        "started":true}]}})";
    re2::RE2::GlobalReplace(&status, R"("T")", "\"" + format_rfc3339(loop_.now()) + "\"");
    return status;
  }

  ApiServer& server_;
  kubernetes::EventLoop& loop_;
  std::unique_ptr<kubernetes::Stream> stream_;
};

/// Makes what varies from run to run the same. The rules are those of exchange.py.
std::string normal_text(std::string text, std::string_view key) {
  static const re2::RE2 address(R"(\b10(\.\d+){3})");
  static const re2::RE2 number(R"((\(|version: |current: )\d+(\)|$))");
  static const re2::RE2 object(R"((?s)Invalid value: "\{.*)");
  static const re2::RE2 time(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z)");
  static const re2::RE2 uid(R"([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})");
  static const re2::RE2 name(R"(gen-[a-z0-9]{5})");
  static const re2::RE2 age(R"(^\d+[smhd](\d+s)?$)");
  if (key == "uid" || key == "resourceVersion" || key == "continue") {
    return "<" + std::string(key) + ">";
  }
  re2::RE2::GlobalReplace(&text, address, "<ip>");
  re2::RE2::GlobalReplace(&text, number, "\\1<n>\\2");
  re2::RE2::GlobalReplace(&text, object, "Invalid value: <object>");
  re2::RE2::GlobalReplace(&text, time, "<time>");
  re2::RE2::GlobalReplace(&text, uid, "<uid>");
  re2::RE2::GlobalReplace(&text, name, "gen-<name>");
  if (key == "cells" || key.empty()) re2::RE2::GlobalReplace(&text, age, "<age>");
  return text;
}

Json normal(const Json& value, std::string_view key = {}) {
  if (value.is_object()) {
    Json object = Json::object();
    for (const auto& [name, member] : value.as_object()) {
      if (name != "managedFields" && name != "selfLink") object.set(name, normal(member, name));
    }
    return object;
  }
  if (value.is_array()) {
    Json array = Json::array();
    for (const Json& item : value.as_array()) array.push_back(normal(item, key));
    return array;
  }
  return value.is_string() ? Json(normal_text(value.as_string(), key)) : value;
}

/// "path: wanted != found" for each place where the two differ.
void find_differences(const Json& wanted, const Json& found, const std::string& path,
                      std::vector<std::string>& differences) {
  const auto differ = [&](const std::string& a, const std::string& b) {
    differences.push_back(path + ": " + a.substr(0, 300) + " != " + b.substr(0, 300));
  };
  if (wanted.type() != found.type()) {
    if (wanted != found) differ(to_text(wanted), to_text(found));
  } else if (wanted.is_object()) {
    for (const auto& [key, value] : wanted.as_object()) {
      const Json* other = found.find(key);
      if (other == nullptr) {
        differences.push_back(path + "." + key + ": " + to_text(value).substr(0, 300) +
                              " is missing");
      } else {
        find_differences(value, *other, path + "." + key, differences);
      }
    }
    for (const auto& [key, value] : found.as_object()) {
      if (wanted.find(key) == nullptr) {
        differences.push_back(path + "." + key + ": " + to_text(value).substr(0, 300) +
                              " is too much");
      }
    }
  } else if (wanted.is_array()) {
    if (wanted.size() != found.size()) {
      differences.push_back(path + " has " + std::to_string(found.size()) + " items, wanted " +
                            std::to_string(wanted.size()));
    }
    for (std::size_t i = 0; i < std::min(wanted.size(), found.size()); ++i) {
      find_differences(wanted.at(i), found.at(i), path + "[" + std::to_string(i) + "]",
                       differences);
    }
  } else if (wanted != found) {
    differ(to_text(wanted), to_text(found));
  }
}

/// The recorded run, with this server in the place of the real one.
class Replay {
 public:
  Replay() : cluster_(loop_, options()), kubelet_(cluster_.server(), loop_) {
    cluster_.start();
    loop_.run_for(Duration::from_seconds(1));
  }

  /// Sends one recorded request. Returns code, warnings and body as the recording holds them.
  Json send(const Json& recorded) {
    const std::string& name = recorded["name"].as_string();
    // Where the recording's script slept for three seconds.
    if (name == "crd get" || name == "owner gone" || name == "orphan stays") {
      loop_.run_for(Duration::from_seconds(3));
    }
    Request request;
    request.method = method_of(recorded["method"].as_string());
    request.target = fill(recorded["target"].as_string());
    request.content_type = recorded["content_type"].as_string();
    request.accept = recorded["accept"].as_string();
    const Json& sent = recorded["sent"];
    if (!sent.is_null()) request.body = fill(sent.is_string() ? sent.as_string() : to_text(sent));
    Json answer = ApiServer::is_watch(request) ? watch(request) : ask(request);
    answers_[name] = answer["body"];
    loop_.run_for(Duration::from_milliseconds(10));
    // The real server waits so long for a version that is yet to come.
    if (name == "list: version too new") loop_.run_for(Duration::from_seconds(3));
    return answer;
  }

 private:
  static EmbeddedCluster::Options options() {
    EmbeddedCluster::Options options;
    options.install_crds = false;
    options.run_nodes = false;
    options.server.address = "127.0.0.1:16443";  // The recording's server.
    return options;
  }

  static Method method_of(std::string_view text) {
    if (text == "POST") return Method::post;
    if (text == "PUT") return Method::put;
    if (text == "PATCH") return Method::patch;
    return text == "DELETE" ? Method::delete_ : Method::get;
  }

  /// Puts in what earlier answers gave: $V{name} a version, $U{name} a uid.
  std::string fill(std::string text) const {
    static const re2::RE2 placeholder(R"(\$([VU])\{([^}]*)\})");
    std::string kind, name;
    while (re2::RE2::PartialMatch(text, placeholder, &kind, &name)) {
      const auto answer = answers_.find(name);
      const std::string value(
          answer == answers_.end()
              ? std::string_view()
              : answer->second["metadata"][kind == "V" ? "resourceVersion" : "uid"]
                    .string_or_empty());
      const std::string whole = "$" + kind + "{" + name + "}";
      text.replace(text.find(whole), whole.size(), value);
    }
    return text;
  }

  Json ask(const Request& request) {
    const Response response = cluster_.server().handle(request);
    Json answer = Json::object({
        {"code", response.status}
    });
    if (!response.warnings.empty()) {
      Json warnings = Json::array();
      for (const std::string& one : response.warnings) {
        warnings.push_back(Json(std::string_view(one)));
      }
      answer.set("warnings", std::move(warnings));
    }
    const Result<Json> body = parse_json(response.body);
    answer.set("body", body ? *body : Json(std::string_view(response.body)));
    return answer;
  }

  Json watch(const Request& request) {
    int code = 0;
    bool ended = false;
    Json lines = Json::array();
    const auto stream = cluster_.server().watch(
        request, {.on_open = [&](int status) { code = status; },
                  .on_line = [&](std::string_view line) { lines.push_back(parsed(line)); },
                  .on_end =
                      [&](Result<Response> end) {
                        ended = true;
                        if (end && !end->body.empty()) lines.push_back(parsed(end->body));
                      }});
    loop_.run_for(Duration::from_seconds(2));
    CHECK(ended);
    return Json::object({
        {"code", code            },
        {"body", std::move(lines)}
    });
  }

  kubernetes::VirtualEventLoop loop_;
  EmbeddedCluster cluster_;
  Kubelet kubelet_;
  std::map<std::string, Json> answers_;
};

/// The names in differs.txt: what stands before " | " on each line.
std::set<std::string> names_that_differ() {
  std::set<std::string> names;
  std::istringstream lines(read_file_for_test(std::string(data_folder) + "differs.txt"));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    names.insert(line.substr(0, line.find(" | ")));
  }
  return names;
}

}  // namespace

TEST_CASE("the server answers as a real one does, but for what is listed") {
  const std::set<std::string> listed = names_that_differ();
  std::set<std::string> seen;
  Replay replay;
  std::istringstream lines(read_file_for_test(std::string(data_folder) + "recorded-1.34.jsonl"));
  std::size_t same = 0;
  std::size_t differing = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json recorded = parsed(line);
    const std::string& name = recorded["name"].as_string();
    seen.insert(name);
    Json wanted = Json::object({
        {"code", recorded["code"]}
    });
    if (!recorded["warnings"].is_null()) wanted.set("warnings", recorded["warnings"]);
    wanted.set("body", recorded["body"]);
    std::vector<std::string> differences;
    find_differences(normal(wanted), normal(replay.send(recorded)), "", differences);
    ++(differences.empty() ? same : differing);
    const bool expected = differences.empty() != listed.contains(name);
    std::string told;
    for (std::size_t i = 0; i < std::min<std::size_t>(6, differences.size()); ++i) {
      told += "\n  " + differences[i];
    }
    CHECK_MESSAGE(expected, name,
                  differences.empty() ? " agrees now: take it off the list" : " differs:", told);
  }
  for (const std::string& name : listed) CHECK_MESSAGE(seen.contains(name), name, " is unknown");
  MESSAGE(same, " answers agree, ", differing, " differ");
  CHECK(same >= 150);
}

TEST_CASE("the manual lists what differs") {
  const std::string manual = read_file_for_test("docs/reference/embedded-cluster.md");
  std::istringstream lines(read_file_for_test(std::string(data_folder) + "differs.txt"));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    CHECK_MESSAGE(manual.find("| " + line + " |") != std::string::npos, line);
  }
}

}  // namespace slipway::cluster
