#include "rollout/new_replica_set.h"

#include "api/defaults.h"
#include "api/workload.h"
#include "rollout/anti_affinity.h"
#include "rollout/ephemeral_metadata.h"
#include "rollout/keys.h"
#include "rollout/revisions.h"

namespace slipway::rollout {
namespace {

Json as_json(const api::StringMap& map) {
  Json object = Json::object();
  for (const auto& [key, value] : map) object.set(key, value);
  return object;
}

}  // namespace

std::string replica_set_name(const api::Rollout& rollout, const std::string& hash) {
  return rollout.metadata.name + "-" + hash;
}

Json owner_reference(const api::Rollout& rollout) {
  api::OwnerReference owner;
  owner.api_version = api::Rollout::kind.api_version();
  owner.kind = api::Rollout::kind.kind;
  owner.name = rollout.metadata.name;
  owner.uid = rollout.metadata.uid;
  owner.controller = true;
  owner.block_owner_deletion = true;
  return api::encode(owner);
}

Json own_template(const api::ReplicaSet& replica_set) {
  Json content = replica_set.spec.template_.content();
  Json& metadata = content.member("metadata");
  change_metadata(metadata, put_on(replica_set), {}, {});
  if (Json* labels = metadata.find("labels")) labels->erase(api::pod_template_hash_label);
  api::remove_injected_terms(content.member("spec"));
  return content;
}

Json make_replica_set(const api::Rollout& rollout, const NewReplicaSet& wanted) {
  const std::string_view hash_label = api::pod_template_hash_label;
  Json pod_template = rollout.spec.template_.content();
  pod_template.member("metadata").member("labels").set(hash_label, wanted.hash);
  const Json labels = pod_template["metadata"]["labels"];

  api::LabelSelector selector = rollout.spec.selector.value_or(api::LabelSelector{});
  selector.match_labels[std::string(hash_label)] = wanted.hash;

  api::StringMap annotations = inherited_annotations(rollout);
  annotations[std::string(keys::revision)] = std::to_string(wanted.revision);
  annotations[std::string(keys::desired_replicas)] = std::to_string(api::desired_replicas(rollout));

  if (uses_ephemeral_metadata(rollout)) {
    const auto put_on = metadata_for(rollout, part_of(rollout, wanted.hash, wanted.hash));
    change_metadata(pod_template.member("metadata"), {}, put_on, {});
    if (!(put_on == api::PodTemplateMetadata{})) {
      annotations[std::string(keys::ephemeral_metadata)] = metadata_text(put_on);
    }
  }
  if (wants_anti_affinity(rollout, wanted.hash)) {
    set_anti_affinity(rollout, pod_template.member("spec"));
  }

  Json metadata = Json::object({
      {"name", replica_set_name(rollout, wanted.hash)},
      {"namespace", rollout.metadata.namespace_},
      {"labels", labels},
      {"annotations", as_json(annotations)},
      {"ownerReferences", Json(Json::Array{owner_reference(rollout)})},
  });
  Json spec = Json::object({
      {"replicas", wanted.replicas        },
      {"selector", api::encode(selector)  },
      {"template", std::move(pod_template)},
  });
  if (rollout.spec.min_ready_seconds != 0) {
    spec.set("minReadySeconds", rollout.spec.min_ready_seconds);
  }
  return Json::object({
      {"apiVersion", api::ReplicaSet::kind.api_version()},
      {"kind",       api::ReplicaSet::kind.kind         },
      {"metadata",   std::move(metadata)                },
      {"spec",       std::move(spec)                    },
  });
}

}  // namespace slipway::rollout
