#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/meta.h"
#include "api/pod_template.h"
#include "api/unknown_fields.h"

namespace slipway::api {

/// A condition of a built-in kind's status.
struct Condition {
  std::string type;
  std::string status;  ///< True, False, Unknown
  std::optional<Instant> last_transition_time;
  std::string reason;
  std::string message;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("type", &Condition::type, Facets{.required = true});
    visit("status", &Condition::status, Facets{.required = true});
    visit("lastTransitionTime", &Condition::last_transition_time);
    visit("reason", &Condition::reason);
    visit("message", &Condition::message);
  }
  bool operator==(const Condition&) const = default;
};

struct ReplicaSetSpec {
  std::optional<std::int32_t> replicas;  ///< The server defaults it to 1.
  std::int32_t min_ready_seconds = 0;
  LabelSelector selector;
  PodTemplate template_;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("replicas", &ReplicaSetSpec::replicas);
    visit("minReadySeconds", &ReplicaSetSpec::min_ready_seconds);
    visit("selector", &ReplicaSetSpec::selector, Facets{.required = true});
    visit("template", &ReplicaSetSpec::template_);
  }
  bool operator==(const ReplicaSetSpec&) const = default;
};

struct ReplicaSetStatus {
  std::int32_t replicas = 0;
  std::int32_t fully_labeled_replicas = 0;
  std::int32_t ready_replicas = 0;
  std::int32_t available_replicas = 0;
  std::int64_t observed_generation = 0;
  std::vector<Condition> conditions;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("replicas", &ReplicaSetStatus::replicas, Facets{.required = true});
    visit("fullyLabeledReplicas", &ReplicaSetStatus::fully_labeled_replicas);
    visit("readyReplicas", &ReplicaSetStatus::ready_replicas);
    visit("availableReplicas", &ReplicaSetStatus::available_replicas);
    visit("observedGeneration", &ReplicaSetStatus::observed_generation);
    visit("conditions", &ReplicaSetStatus::conditions);
  }
  bool operator==(const ReplicaSetStatus&) const = default;
};

struct ReplicaSet {
  static constexpr Kind kind = kinds::replica_set;
  ObjectMeta metadata;
  ReplicaSetSpec spec;
  ReplicaSetStatus status;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("metadata", &ReplicaSet::metadata);
    visit("spec", &ReplicaSet::spec);
    visit("status", &ReplicaSet::status);
  }
  bool operator==(const ReplicaSet&) const = default;
};

struct ContainerStateDetail {
  std::string reason;
  std::string message;
  std::int32_t exit_code = 0;
  std::int32_t signal = 0;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("reason", &ContainerStateDetail::reason);
    visit("message", &ContainerStateDetail::message);
    visit("exitCode", &ContainerStateDetail::exit_code);
    visit("signal", &ContainerStateDetail::signal);
  }
  bool operator==(const ContainerStateDetail&) const = default;
};

struct ContainerState {
  std::optional<ContainerStateDetail> waiting;
  std::optional<ContainerStateDetail> running;
  std::optional<ContainerStateDetail> terminated;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("waiting", &ContainerState::waiting);
    visit("running", &ContainerState::running);
    visit("terminated", &ContainerState::terminated);
  }
  bool operator==(const ContainerState&) const = default;
};

struct ContainerStatus {
  std::string name;
  bool ready = false;
  std::int32_t restart_count = 0;
  std::optional<bool> started;
  ContainerState state;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("name", &ContainerStatus::name, Facets{.required = true});
    visit("ready", &ContainerStatus::ready, Facets{.required = true});
    visit("restartCount", &ContainerStatus::restart_count, Facets{.required = true});
    visit("started", &ContainerStatus::started);
    visit("state", &ContainerStatus::state);
  }
  bool operator==(const ContainerStatus&) const = default;
};

/// Only what people see or controllers decide on of a container; the rest is unknown fields.
struct Container {
  std::string name;
  std::string image;
  std::string restart_policy;  ///< "Always" marks a sidecar among init containers.
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("name", &Container::name, Facets{.required = true});
    visit("image", &Container::image);
    visit("restartPolicy", &Container::restart_policy);
  }
  bool operator==(const Container&) const = default;
};

struct PodSpec {
  std::string node_name;
  std::vector<Container> init_containers;
  std::vector<Container> containers;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("nodeName", &PodSpec::node_name);
    visit("initContainers", &PodSpec::init_containers);
    visit("containers", &PodSpec::containers, Facets{.required = true});
  }
  bool operator==(const PodSpec&) const = default;
};

struct PodStatus {
  std::string phase;  ///< Pending, Running, Succeeded, Failed, Unknown
  std::string reason;
  std::string pod_ip;
  std::optional<Instant> start_time;
  std::vector<Condition> conditions;
  std::vector<ContainerStatus> init_container_statuses;
  std::vector<ContainerStatus> container_statuses;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("phase", &PodStatus::phase);
    visit("reason", &PodStatus::reason);
    visit("podIP", &PodStatus::pod_ip);
    visit("startTime", &PodStatus::start_time);
    visit("conditions", &PodStatus::conditions);
    visit("initContainerStatuses", &PodStatus::init_container_statuses);
    visit("containerStatuses", &PodStatus::container_statuses);
  }
  bool operator==(const PodStatus&) const = default;
};

struct Pod {
  static constexpr Kind kind = kinds::pod;
  ObjectMeta metadata;
  PodSpec spec;
  PodStatus status;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("metadata", &Pod::metadata);
    visit("spec", &Pod::spec);
    visit("status", &Pod::status);
  }
  bool operator==(const Pod&) const = default;
};

struct ServiceSpec {
  StringMap selector;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) { visit("selector", &ServiceSpec::selector); }
  bool operator==(const ServiceSpec&) const = default;
};

/// Only what a rollout decides on: the selector and the metadata; the rest is unknown fields.
struct Service {
  static constexpr Kind kind = kinds::service;
  ObjectMeta metadata;
  ServiceSpec spec;
  UnknownFields unknown_fields;

  static constexpr void fields(auto&& visit) {
    visit("metadata", &Service::metadata);
    visit("spec", &Service::spec);
  }
  bool operator==(const Service&) const = default;
};

}  // namespace slipway::api
