#include "cluster/nodes/node_object.h"

#include "base/hash.h"

namespace slipway::cluster {

namespace {

Json condition(std::string_view type, bool holds, std::string_view reason, std::string_view message,
               Instant now) {
  return Json::object({
      {"type",               type                    },
      {"status",             holds ? "True" : "False"},
      {"lastHeartbeatTime",  format_rfc3339(now)     },
      {"lastTransitionTime", format_rfc3339(now)     },
      {"reason",             reason                  },
      {"message",            message                 },
  });
}

Json resources() {
  return Json::object({
      {"cpu",               "64"    },
      {"memory",            "256Gi" },
      {"pods",              "500"   },
      {"ephemeral-storage", "1024Gi"},
  });
}

}  // namespace

NodeAddress node_address(int index) {
  return {fmt::format("node-{}", index + 1),
          fmt::format("10.127.{}.{}", (index + 1) / 256, (index + 1) % 256), index};
}

std::string pod_address(const NodeAddress& address, std::uint32_t n) {
  const std::uint32_t within = n % 65534 + 1;
  return fmt::format("10.{}.{}.{}", 128 + address.index % 100, within / 256, within % 256);
}

Json make_node_object(const NodeAddress& address, const std::string& version, Instant now) {
  const Hash128 id = hash128(address.name);
  const std::string machine = fmt::format("{:016x}{:016x}", id.high, id.low);
  return Json::object({
      {"apiVersion", "v1"                                                                               },
      {"kind",       "Node"                                                                             },
      {"metadata",   Json::object({
                       {"name", address.name},
                       {"labels", Json::object({
                                      {"kubernetes.io/hostname", address.name},
                                      {"kubernetes.io/os", "linux"},
                                      {"kubernetes.io/arch", "amd64"},
                                      {std::string(simulated_label), "true"},
                                  })},
                   })                                                                 },
      {"spec",       Json::object({{"podCIDR", fmt::format("10.{}.0.0/16", 128 + address.index % 100)}})},
      {"status",
       Json::object({
           {"capacity", resources()},
           {"allocatable", resources()},
           {"addresses",
            Json::array({Json::object({{"type", "InternalIP"}, {"address", address.host_ip}}),
                         Json::object({{"type", "Hostname"}, {"address", address.name}})})},
           {"conditions",
            Json::array({
                condition("MemoryPressure", false, "KubeletHasSufficientMemory",
                          "kubelet has sufficient memory available", now),
                condition("DiskPressure", false, "KubeletHasNoDiskPressure",
                          "kubelet has no disk pressure", now),
                condition("PIDPressure", false, "KubeletHasSufficientPID",
                          "kubelet has sufficient PID available", now),
                condition("Ready", true, "KubeletReady", "kubelet is posting ready status", now),
            })},
           {"nodeInfo", Json::object({
                            {"machineID", machine},
                            {"systemUUID", machine},
                            {"bootID", machine},
                            {"kernelVersion", "simulated"},
                            {"osImage", "Slipway simulated node"},
                            {"containerRuntimeVersion", "simulated://1"},
                            {"kubeletVersion", version},
                            {"kubeProxyVersion", ""},
                            {"operatingSystem", "linux"},
                            {"architecture", "amd64"},
                        })},
       })                                                                                               },
  });
}

}  // namespace slipway::cluster
