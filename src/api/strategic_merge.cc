#include "api/strategic_merge.h"

#include <algorithm>

#include "api/go_scalars.h"
#include "api/go_text.h"

namespace slipway::api {
namespace {

constexpr std::string_view patch_directive = "$patch";
constexpr std::string_view retain_directive = "$retainKeys";
constexpr std::string_view order_prefix = "$setElementOrder";
constexpr std::string_view delete_prefix = "$deleteFromPrimitiveList";

Failure malformed(std::string message) {
  return fail(ErrorCode::invalid, "", std::move(message));
}

Failure malformed_order() {
  return malformed("invalid patch format of setElementOrder list");
}

/// How the values below one key merge. No type means free-form: objects merge, lists are replaced.
struct Merging {
  const CoreType* type = nullptr;
  bool merges_lists = false;
  std::string_view merge_key = {};
};

Result<Merging> merging_of(const CoreType* type, std::string_view key) {
  if (type == nullptr) return Merging{};
  const CoreField* field = type->find(key);
  if (field == nullptr) {
    return malformed("unable to find api field in struct " + std::string(type->go_name) +
                     " for the json field \"" + std::string(key) + "\"");
  }
  return Merging{field->type, field->merge, field->merge_key};
}

Result<Json> merge_objects(Json original, const Json& patch, const CoreType* type);

/// What tells one item of a list from another: the value of its merge key, or all of it.
const Json& identity(const Json& item, std::string_view merge_key) {
  return merge_key.empty() ? item : item[merge_key];
}

Result<void> check_items(const Json::Array& items, std::string_view merge_key) {
  for (const Json& item : items) {
    if (item.is_array()) return malformed("lists of lists are not supported");
    if (item.is_object() == merge_key.empty()) {
      return malformed("list element types are not identical, or the list has no merge key");
    }
    const bool replaces = item[patch_directive].string_or_empty() == "replace";
    if (!merge_key.empty() && item.find(merge_key) == nullptr && !replaces) {
      return malformed("map: " + go_text(item) +
                       " does not contain declared merge key: " + std::string(merge_key));
    }
  }
  return {};
}

/// The place of an item of the same identity, or -1.
std::ptrdiff_t place_in(const Json::Array& items, const Json& item, std::string_view merge_key) {
  const auto found = std::ranges::find_if(items, [&](const Json& candidate) {
    return identity(candidate, merge_key) == identity(item, merge_key);
  });
  return found == items.end() ? -1 : found - items.begin();
}

/// Takes the items of `from` that are (or are not) in `order`, in its order.
Json::Array take_ordered(const Json::Array& from, const Json::Array& wanted,
                         const Json::Array& order, bool present, std::string_view merge_key) {
  std::vector<std::pair<std::size_t, const Json*>> taken;
  for (const Json& item : from) {
    if ((place_in(wanted, item, merge_key) >= 0) != present) continue;
    // Converted, the -1 of an item without a place sorts behind all others.
    taken.emplace_back(static_cast<std::size_t>(place_in(order, item, merge_key)), &item);
  }
  std::ranges::stable_sort(taken, {}, [](const auto& entry) { return entry.first; });
  Json::Array items;
  for (const auto& [place, item] : taken) items.push_back(*item);
  return items;
}

/// Puts merged items in order: those the patch names in its order, the others in the order they
/// had, each of these before the first of the former that it used to precede.
Json::Array in_order(const Json::Array& merged, const Json::Array& patch_order,
                     const Json::Array& former_order, std::string_view merge_key) {
  Json::Array others = take_ordered(merged, patch_order, former_order, false, merge_key);
  Json::Array patched = take_ordered(merged, patch_order, patch_order, true, merge_key);
  Json::Array all;
  auto next = others.begin();
  for (Json& item : patched) {
    const std::ptrdiff_t place = place_in(former_order, item, merge_key);
    while (place >= 0 && next != others.end()) {
      const std::ptrdiff_t other = place_in(former_order, *next, merge_key);
      if (other < 0 || other >= place) break;
      all.push_back(std::move(*next++));
    }
    all.push_back(std::move(item));
  }
  std::move(next, others.end(), std::back_inserter(all));
  return all;
}

/// Drops what a patch says to a server that has nothing yet: directives and, in objects, nulls.
/// Returns whether anything is to be kept.
bool without_directives(Json& value) {
  if (value.is_object()) {
    if (value.find(patch_directive) != nullptr) return false;
    std::erase_if(value.as_object(), [](Json::Member& member) {
      return member.second.is_null() || !without_directives(member.second);
    });
  } else if (value.is_array()) {
    std::erase_if(value.as_array(), [](Json& item) { return !without_directives(item); });
  }
  return true;
}

Json::Array deduplicated(const Json::Array& items) {
  Json::Array unique;
  for (const Json& item : items) {
    if (std::ranges::find(unique, item) == unique.end()) unique.push_back(item);
  }
  return unique;
}

/// A patch's list, its `$patch` items carried out.
struct ListPatch {
  Json::Array original;
  Json::Array items;
};

Result<ListPatch> carry_out_directives(const Json::Array& original, const Json::Array& patch,
                                       std::string_view merge_key) {
  ListPatch result{original, {}};
  bool replace = false;
  for (const Json& item : patch) {
    const Json* directive = item.find(patch_directive);
    if (directive == nullptr) {
      result.items.push_back(item);
    } else if (*directive == Json("delete")) {
      std::erase_if(result.original, [&](const Json& candidate) {
        return identity(candidate, merge_key) == identity(item, merge_key);
      });
    } else if (*directive == Json("replace")) {
      replace = true;
    } else {
      return malformed("unknown patch type: " + std::string(directive->string_or_empty()) +
                       " in map: " + go_text(item));
    }
  }
  if (replace) {
    result.original = std::move(result.items);
    result.items.clear();
  }
  return result;
}

Result<Json> merge_lists(const Json::Array& original, const Json::Array& patch,
                         const Merging& merging) {
  TRY_DONE(check_items(original, merging.merge_key));
  TRY_DONE(check_items(patch, merging.merge_key));
  if (merging.merge_key.empty()) {
    Json::Array both = original;
    both.insert(both.end(), patch.begin(), patch.end());
    return Json(in_order(deduplicated(both), patch, original, merging.merge_key));
  }
  ListPatch lists = TRY(carry_out_directives(original, patch, merging.merge_key));
  Json::Array merged = lists.original;
  for (const Json& item : lists.items) {
    const std::ptrdiff_t place = place_in(merged, item, merging.merge_key);
    if (place < 0) {
      merged.push_back(item);
      continue;
    }
    Json& target = merged[static_cast<std::size_t>(place)];
    target = TRY(merge_objects(std::move(target), item, merging.type));
  }
  return Json(in_order(merged, lists.items, lists.original, merging.merge_key));
}

Result<Json> merge_list_values(const Json& original, const Json& patch, const Merging& merging) {
  if (!merging.merges_lists) return patch;
  return merge_lists(original.as_array(), patch.as_array(), merging);
}

/// Clears what `$retainKeys` doesn't name.
Result<void> retain_keys(Json& original, const Json& patch) {
  const Json* keys = patch.find(retain_directive);
  if (keys == nullptr) return {};
  if (!keys->is_array()) return malformed("invalid patch format of retainKeys");
  const auto is_retained = [&](std::string_view key) {
    return std::ranges::any_of(keys->as_array(),
                               [&](const Json& kept) { return kept.string_or_empty() == key; });
  };
  for (const auto& [key, value] : patch.as_object()) {
    const bool directive =
        key == retain_directive || key.starts_with(order_prefix) || key.starts_with(delete_prefix);
    if (!value.is_null() && !directive && !is_retained(key)) {
      return malformed("invalid patch format of retainKeys");
    }
  }
  std::erase_if(original.as_object(),
                [&](const Json::Member& member) { return !is_retained(member.first); });
  return {};
}

/// The items that a patch brings must stand in its `$setElementOrder` list, in that order.
Result<void> check_order(const Json::Array& items, const Json::Array& order,
                         std::string_view merge_key) {
  std::ptrdiff_t last = -1;
  for (const Json& item : items) {
    if (item.find(patch_directive) != nullptr || order.empty()) continue;
    const std::ptrdiff_t place = place_in(order, item, merge_key);
    if (place <= last) {
      return malformed("The order in patch list:\n" + go_json(Json(items)) +
                       "\n doesn't match $setElementOrder list:\n" + go_json(Json(order)) + "\n");
    }
    last = place;
  }
  return {};
}

/// Merges and orders one list by its `$setElementOrder`.
Result<void> merge_ordered(Json& original, const Json& patch, std::string_view key,
                           const Json& order, const CoreType* type) {
  const Merging merging = TRY(merging_of(type, key));
  const Json* patched = patch.find(key);
  const Json* present = original.find(key);
  if (!order.is_array() || (patched != nullptr && !patched->is_array()) ||
      (present != nullptr && !present->is_array())) {
    return malformed_order();
  }
  TRY_DONE(check_items(order.as_array(), merging.merge_key));
  if (patched != nullptr) {
    TRY_DONE(check_items(patched->as_array(), merging.merge_key));
    TRY_DONE(check_order(patched->as_array(), order.as_array(), merging.merge_key));
  }
  Json merged;
  if (present != nullptr && patched != nullptr) {
    merged = TRY(merge_list_values(*present, *patched, merging));
  } else if (patched != nullptr) {
    merged = *patched;
    without_directives(merged);
  } else if (present != nullptr) {
    merged = *present;
  } else {
    return {};
  }
  const Json::Array former = present != nullptr ? present->as_array() : Json::Array();
  original.set(key, Json(in_order(merged.as_array(), order.as_array(), former, merging.merge_key)));
  return {};
}

/// The list's key in "$setElementOrder/containers".
Result<std::string_view> key_behind(std::string_view directive, std::string_view prefix) {
  if (directive.size() > prefix.size() + 1 && directive[prefix.size()] == '/') {
    return directive.substr(prefix.size() + 1);
  }
  if (prefix == order_prefix) return malformed_order();
  return malformed("invalid patch format of primitive list");
}

void delete_from(Json& list, const Json& unwanted) {
  if (!list.is_array() || !unwanted.is_array()) return;
  std::erase_if(list.as_array(),
                [&](const Json& item) { return place_in(unwanted.as_array(), item, {}) >= 0; });
}

Result<void> merge_member(Json& original, std::string_view key, const Json& patch,
                          const CoreType* type) {
  Json* present = original.find(key);
  if (patch.is_null()) {
    original.erase(key);
  } else if (present != nullptr && present->is_object() && patch.is_object()) {
    const Merging merging = TRY(merging_of(type, key));
    *present = TRY(merge_objects(std::move(*present), patch, merging.type));
  } else if (present != nullptr && present->is_array() && patch.is_array()) {
    const Merging merging = TRY(merging_of(type, key));
    *present = TRY(merge_list_values(*present, patch, merging));
  } else {
    Json value = patch;
    if (without_directives(value)) {
      original.set(key, std::move(value));
    } else {
      original.erase(key);
    }
  }
  return {};
}

Result<Json> merge_objects(Json original, const Json& patch, const CoreType* type) {
  if (const Json* directive = patch.find(patch_directive)) {
    if (*directive == Json("delete")) return Json::object();
    if (*directive != Json("replace")) {
      return malformed("unknown patch type: " + std::string(directive->string_or_empty()) +
                       " in map: " + go_text(patch));
    }
    Json replacement = patch;
    replacement.erase(patch_directive);
    return replacement;
  }
  TRY_DONE(retain_keys(original, patch));

  std::vector<std::string_view> done;
  for (const auto& [directive, order] : patch.as_object()) {
    if (!directive.starts_with(order_prefix)) continue;
    const std::string_view key = TRY(key_behind(directive, order_prefix));
    TRY_DONE(merge_ordered(original, patch, key, order, type));
    done.push_back(key);
  }
  for (const auto& [key, value] : patch.as_object()) {
    if (key == retain_directive || key.starts_with(order_prefix)) continue;
    if (key.starts_with(delete_prefix)) {
      const std::string_view list = TRY(key_behind(key, delete_prefix));
      if (Json* present = original.find(list)) delete_from(*present, value);
    } else if (std::ranges::find(done, key) == done.end()) {
      TRY_DONE(merge_member(original, key, value, type));
    }
  }
  return original;
}

}  // namespace

Result<Json> apply_strategic_merge_patch(Json original, const Json& patch, const CoreType& type) {
  if (!patch.is_object() || !original.is_object()) return malformed("invalid JSON document");
  return merge_objects(std::move(original), patch, &type);
}

}  // namespace slipway::api
