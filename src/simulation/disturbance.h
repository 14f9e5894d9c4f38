#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/kinds.h"
#include "simulation/stage.h"

namespace slipway::simulation {

// Writes of others that come between a decision of ours and its write.

/// Somebody writes to the object what is none of our business: its version rises.
void touch(Stage& stage, const Addressed& about, std::uint64_t mark);
/// Somebody changes what our decisions rest on: a replica count, a deadline.
void change_what_matters(Stage& stage, const Addressed& about, std::uint64_t size);
/// What a mutating webhook makes of an object: one annotation more.
std::string with_policy_annotation(const std::string& body);

/// A merge patch in the name of an actor. Returns the answer's status.
int merge_patch(Stage& stage, std::string_view actor, const std::string& path, const Json& patch);
/// A merge patch that sets an annotation; null removes it.
Json annotation_patch(std::string_view key, Json value);
/// Of an object of a scenario, by its manifest.
const api::Kind& kind_of(const Json& object);
/// The path of the object itself, without a subresource.
std::string path_of(const Addressed& about);

/// Names of all objects of a kind in the one namespace there is.
std::vector<std::string> names_of(const Stage& stage, const api::Kind& kind);

/// Takes from all objects the notes that only we write: so another controller of the same API would
/// leave them, one that never knew of us.
void strip_our_notes(Stage& stage);

}  // namespace slipway::simulation
