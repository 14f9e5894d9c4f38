#include "cluster/nodes/pod_events.h"

namespace slipway::cluster {

using kubernetes::EventNote;
using kubernetes::EventType;

namespace {

void add_start(std::vector<EventNote>& notes, std::string_view container, std::string_view image) {
  notes.push_back({EventType::normal, "Pulled",
                   fmt::format("Container image \"{}\" already present on machine", image)});
  notes.push_back({EventType::normal, "Created", fmt::format("Created container: {}", container)});
  notes.push_back({EventType::normal, "Started", fmt::format("Started container {}", container)});
}

void add_pull_failure(std::vector<EventNote>& notes, std::string_view image) {
  notes.push_back(
      {EventType::warning, "Failed",
       fmt::format("Failed to pull image \"{}\": failed to pull and unpack image: not found",
                   image)});
  notes.push_back({EventType::warning, "Failed", "Error: ErrImagePull"});
}

}  // namespace

std::vector<EventNote> notes_between(const CachedPod& pod, const PodLife& before,
                                     const PodLife& after) {
  std::vector<EventNote> notes;
  const Json& containers = pod.content["spec"]["containers"];
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const std::string_view container = containers.at(i)["name"].string_or_empty();
    const std::string_view image = containers.at(i)["image"].string_or_empty();
    if (after.pulls > before.pulls) add_pull_failure(notes, image);
    if (after.stage == Stage::pull_back_off && before.stage != after.stage) {
      notes.push_back(
          {EventType::normal, "BackOff", fmt::format("Back-off pulling image \"{}\"", image)});
    }
    if (after.started && (!before.started || after.restarts > before.restarts)) {
      add_start(notes, container, image);
    }
    if (after.stage == Stage::back_off && before.stage != after.stage) {
      notes.push_back(
          {EventType::warning, "BackOff",
           fmt::format("Back-off restarting failed container {} in pod {}_{}({})", container,
                       pod.metadata.name, pod.metadata.namespace_, pod.metadata.uid)});
    }
  }
  return notes;
}

}  // namespace slipway::cluster
