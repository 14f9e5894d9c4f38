#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"

namespace slipway::cli {
namespace {

using kubernetes::Write;

/// Sets the image of the containers of that name ("*": of all) below `pod_spec_path`.
Result<Write> image_write(const Json& seen, const api::Kind& kind, const std::string& container,
                          const std::string& image) {
  Write write(api::Object::of(kind, seen), "image set by a person");
  bool found = false;
  for (const std::string_view list : {"initContainers", "containers", "ephemeralContainers"}) {
    const std::string path = fmt::format("/spec/template/spec/{}", list);
    const Json* containers = seen.find_pointer(path);
    if (containers == nullptr || !containers->is_array()) continue;
    for (std::size_t i = 0; i < containers->size(); ++i) {
      const Json& name = containers->at(i)["name"];
      if (container != "*" && name.string_or_empty() != container) continue;
      found = true;
      // The index means this container only as long as its name still stands there.
      write.expect_as_seen(fmt::format("{}/{}/name", path, i))
          .set(fmt::format("{}/{}/image", path, i), image);
    }
  }
  if (!found) {
    return fail(ErrorCode::not_found, "",
                fmt::format("unable to find container named {}", quote(container)));
  }
  return write;
}

}  // namespace

Result<void> set_image(Session& session, const SetImageOptions& options, Streams streams) {
  const std::vector<std::string_view> parts = split(options.container_image, '=');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return fail(ErrorCode::invalid, "",
                "found " + quote(options.container_image) + ", expected CONTAINER=IMAGE");
  }
  const std::string container(parts[0]);
  const std::string image(parts[1]);

  const Json rollout = TRY(session.get(api::kinds::rollout, options.name));
  const Json& reference = rollout["spec"]["workloadRef"];
  const bool refers = reference.is_object();
  const api::Kind kind = refers ? api::kinds::deployment : api::kinds::rollout;
  const std::string name = refers ? std::string(reference["name"].string_or_empty()) : options.name;
  const auto decide = [&](const Json& seen) { return image_write(seen, kind, container, image); };
  TRY(session.update(kind, name, decide));
  streams.out << fmt::format("{} \"{}\" image updated\n", to_lower(kind.kind), name);
  return {};
}

}  // namespace slipway::cli
