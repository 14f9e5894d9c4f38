#include "cluster/server/protobuf/decode.h"

#include <doctest/doctest.h>

namespace slipway::cluster {
namespace {

// Pieces of a message, put together by hand.
std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes += static_cast<char>(value);
}
std::string number(int field, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(field) << 3) + varint(value);
}
std::string bytes(int field, const std::string& value) {
  return varint(static_cast<std::uint64_t>(field) << 3 | 2) + varint(value.size()) + value;
}
std::string envelope(const std::string& api_version, const std::string& kind,
                     const std::string& raw) {
  return std::string("k8s\0", 4) + bytes(1, bytes(1, api_version) + bytes(2, kind)) + bytes(2, raw);
}
std::string entry(const std::string& key, const std::string& value) {
  return bytes(1, key) + bytes(2, value);
}

}  // namespace

TEST_CASE("an object of a core type is read from protobuf as from JSON") {
  const std::string metadata = bytes(1, "web") + bytes(8, "") + bytes(11, entry("app", "web"));
  const std::string container =
      bytes(1, "c") + bytes(2, "registry.example/c:1") + bytes(6, number(3, 80)) +  // ports
      bytes(8, bytes(1, entry("cpu", bytes(1, "500m")))) +  // resources.limits
      bytes(10, bytes(1, bytes(2, bytes(2, number(1, 0) + number(2, 8080)))) + number(2, 5)) +
      number(16, 1);  // stdin
  const std::string volume = bytes(1, "v") + bytes(2, bytes(19, bytes(1, bytes(1, "settings"))));
  const std::string spec =
      bytes(1, volume) + bytes(2, container) + number(4, 30) + bytes(3, "Always");
  const Result<Json> pod =
      decode_protobuf(envelope("v1", "Pod", bytes(1, metadata) + bytes(2, spec)));
  REQUIRE(pod.has_value());
  const Result<Json> wanted = parse_json(R"({
      "kind":"Pod","apiVersion":"v1",
      "metadata":{"name":"web","creationTimestamp":null,"labels":{"app":"web"}},
      "spec":{"volumes":[{"name":"v","configMap":{"name":"settings"}}],
              "containers":[{"name":"c","image":"registry.example/c:1",
                "ports":[{"containerPort":80}],
                "resources":{"limits":{"cpu":"500m"}},
                "livenessProbe":{"httpGet":{"port":8080},"initialDelaySeconds":5},
                "stdin":true}],
              "terminationGracePeriodSeconds":30,"restartPolicy":"Always"}})");
  CHECK_MESSAGE(*pod == *wanted, to_text(*pod));
}

TEST_CASE("numbers below zero, times and bytes survive protobuf") {
  const std::string lease_spec = bytes(1, "me") +
                                 number(2, static_cast<std::uint64_t>(std::int64_t{-3})) +
                                 bytes(4, number(1, 1'767'225'600) + number(2, 5'000'000));
  const Result<Json> lease =
      decode_protobuf(envelope("coordination.k8s.io/v1", "Lease", bytes(2, lease_spec)));
  REQUIRE(lease.has_value());
  CHECK((*lease)["spec"]["leaseDurationSeconds"] == Json(-3));
  CHECK((*lease)["spec"]["renewTime"] == Json("2026-01-01T00:00:00.005000Z"));
  const Result<Json> secret =
      decode_protobuf(envelope("v1", "Secret", bytes(2, entry("key", std::string("\0\xff", 2)))));
  REQUIRE(secret.has_value());
  CHECK((*secret)["data"]["key"] == Json("AP8="));
}

TEST_CASE("what is no protobuf, or cut short, or unknown, is refused") {
  const std::string whole = envelope("v1", "ConfigMap", bytes(2, entry("a", "b")));
  CHECK(decode_protobuf(whole).has_value());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    // A message may end between two fields; the envelope's kind must have been read.
    const Result<Json> cut = decode_protobuf(std::string_view(whole).substr(0, size));
    if (cut) CHECK((*cut)["kind"].is_string());
  }
  CHECK_FALSE(decode_protobuf("{}").has_value());
  CHECK_FALSE(decode_protobuf(envelope("rbac.authorization.k8s.io/v1", "Role", "")).has_value());
  // A field that is newer than this server is passed over.
  CHECK(decode_protobuf(envelope("v1", "ConfigMap", number(99, 1))).has_value());
}

}  // namespace slipway::cluster
