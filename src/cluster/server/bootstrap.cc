#include "cluster/server/bootstrap.h"

#include "base/ensure.h"
#include "cluster/server/writing.h"

namespace slipway::cluster {
namespace {

void create(Server& server, std::string_view plural, std::string_view namespace_, Json object) {
  const ResourcePtr resource = server.registry.find("", "v1", plural);
  ASSERT(resource->rules->decode(object, nullptr).has_value());
  ASSERT(create_stored(server, *resource, namespace_, std::move(object), false).has_value());
}

}  // namespace

void create_first_objects(Server& server) {
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"}) {
    create(server, "namespaces", "",
           Json::object({
               {"kind",       "Namespace"                   },
               {"apiVersion", "v1"                          },
               {"metadata",   Json::object({{"name", name}})}
    }));
  }
  create(server, "services", "default",
         Json::object({
             {"kind",       "Service"                                                                                    },
             {"apiVersion", "v1"                                                                                         },
             {"metadata",   Json::object({{"name", "kubernetes"},
                                        {"labels", Json::object({{"component", "apiserver"},
                                                                 {"provider", "kubernetes"}})}})},
             {"spec",
              Json::object(
                  {{"ports", Json::array({Json::object(
                                 {{"name", "https"}, {"port", 443}, {"targetPort", 6443}})})}})                          }
  }));
}

}  // namespace slipway::cluster
