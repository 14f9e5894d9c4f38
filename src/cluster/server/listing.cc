#include "cluster/server/listing.h"

#include <algorithm>

#include "base/text.h"
#include "cluster/server/go_json_error.h"
#include "cluster/server/operations.h"
#include "cluster/server/request_options.h"
#include "cluster/server/selectors.h"
#include "cluster/server/table.h"

namespace slipway::cluster {
namespace {

/// Where a paged list goes on: "meta.k8s.io/v1" continue tokens, as clients never read them.
struct ContinueToken {
  std::uint64_t revision = 0;
  std::string start;     ///< The first key that is still wanted, or one before it.
  std::size_t left = 0;  ///< Objects from there on, in lists without selectors.
};

std::string encode_token(const ContinueToken& token) {
  std::string text = base64_encode(to_text(Json::object({
      {"v",     "meta.k8s.io/v1"                       },
      {"rv",    Json(static_cast<long>(token.revision))},
      {"start", Json(std::string_view(token.start))    },
      {"left",  Json(static_cast<long>(token.left))    }
  })));
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

Served<ContinueToken> decode_token(std::string_view text) {
  std::string padded(text);
  std::ranges::replace(padded, '-', '+');
  std::ranges::replace(padded, '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  const std::optional<std::string> bytes = base64_decode(padded);
  const std::string prefix = "invalid continue token: continue key is not valid: ";
  if (!bytes) return Refusal(bad_request(prefix + "illegal base64 data"));
  const Result<Json> json = parse_json(*bytes);
  if (!json) {
    std::string why = go_json_error(*bytes);
    return Refusal(bad_request(prefix + (why.empty() ? "it is no JSON" : why)));
  }
  const std::int64_t revision = (*json)["rv"].integer_or(0);
  if ((*json)["v"].string_or_empty() != "meta.k8s.io/v1" || revision <= 0) {
    return Refusal(bad_request(prefix + "server does not recognize this encoded version"));
  }
  return ContinueToken{static_cast<std::uint64_t>(revision),
                       std::string((*json)["start"].string_or_empty()),
                       static_cast<std::size_t>((*json)["left"].integer_or(0))};
}

Served<std::uint64_t> parse_revision(std::string_view text) {
  const auto revision = parse_integer(text);
  if (!revision || *revision < 0 || text[0] == '+') {
    return Refusal(
        bad_request("invalid resource version: resourceVersion: Invalid value: " + quote(text) +
                    ": strconv.ParseUint: parsing " + quote(text) + ": invalid syntax"));
  }
  return static_cast<std::uint64_t>(*revision);
}

Status too_new(std::uint64_t wanted, std::uint64_t current) {
  return {
      504, "Timeout",
      "Timeout: Too large resource version: " + std::to_string(wanted) +
          ", current: " + std::to_string(current),
      Json::object(
          {{"causes", Json::array({Json::object({{"reason", "ResourceVersionTooLarge"},
                                                 {"message", "Too large resource version"}})})},
                    {"retryAfterSeconds", 1}}
          )
  };
}

}  // namespace

Served<std::uint64_t> wanted_revision(const Server& server, std::string_view text) {
  const std::uint64_t wanted = SERVE(parse_revision(text));
  if (wanted > server.store.revision()) return Refusal(too_new(wanted, server.store.revision()));
  return wanted;
}

namespace {

/// What a list request asks for, checked.
struct ListQuery {
  LabelQuery labels;
  FieldQuery fields;
  std::size_t limit = 0;  ///< 0: none.
  std::string start;      ///< Of a continued list.
  std::size_t left = 0;   ///< Objects from there on, in lists without selectors.
  std::uint64_t revision = 0;
  bool historic = false;  ///< Wants the objects as they were at `revision`.
};

Served<ListQuery> read_list_query(Server& server, const Call& call, const ObjectTable& table) {
  SERVE_DONE(check_list_options(call, false));
  ListQuery list;
  list.labels = SERVE(LabelQuery::parse(call.query.get("labelSelector")));
  list.fields =
      SERVE(FieldQuery::parse(call.query.get("fieldSelector"), call.resource->field_labels));
  list.revision = server.store.revision();
  list.left = table.count(call.path.namespace_);
  if (const auto limit = parse_integer(call.query.get("limit")); limit && *limit > 0) {
    list.limit = static_cast<std::size_t>(*limit);
  }
  const std::string_view token_text = call.query.get("continue");
  const std::string_view version = call.query.get("resourceVersion");
  if (!token_text.empty()) {
    ContinueToken token = SERVE(decode_token(token_text));
    list.start = std::move(token.start);
    list.left = token.left;
    list.historic = token.revision != list.revision;
    list.revision = token.revision;
  } else if (!version.empty()) {
    const std::uint64_t wanted = SERVE(wanted_revision(server, version));
    if (call.query.get("resourceVersionMatch") == "Exact") {
      list.historic = wanted != list.revision;
      list.revision = wanted;
    }
  }
  if (list.historic && list.revision < table.oldest_revision()) {
    return Refusal(
        expired("The provided continue parameter is too old to display a consistent "
                "list result. You must start a new list without the continue "
                "parameter."));
  }
  return list;
}

/// Walks the objects of a table in the order of keys as they were at some revision: those of today,
/// but for the ones that have changed since.
class Walk {
 public:
  Walk(const ObjectTable::Objects& now, const ObjectTable::Objects& former,
       const std::string& start)
      : now_(now.lower_bound(start)),
        now_end_(now.end()),
        former_(former.lower_bound(start)),
        former_end_(former.end()) {}

  /// The next object, or nothing at the end.
  ObjectPtr next() {
    while (former_ != former_end_ || now_ != now_end_) {
      const bool was_changed =
          former_ != former_end_ && (now_ == now_end_ || former_->first <= now_->first);
      if (!was_changed) return (now_++)->second;
      if (now_ != now_end_ && now_->first == former_->first) ++now_;
      if (ObjectPtr object = (former_++)->second) return object;
    }
    return nullptr;
  }

 private:
  ObjectTable::Objects::const_iterator now_, now_end_, former_, former_end_;
};

bool is_selected(const Resource& resource, const ListQuery& list, const StoredObject& object) {
  if (!list.labels.matches(object.metadata()["labels"])) return false;
  if (list.fields.empty()) return true;
  if (!resource.from_stored) return list.fields.matches(object.content());
  return list.fields.matches(resource.from_stored(object.content()));
}

Listed collect(const Resource& resource, Walk walk, const ListQuery& list,
               const std::string& prefix) {
  Listed listed;
  listed.revision = list.revision;
  while (ObjectPtr object = walk.next()) {
    if (!object->key().starts_with(prefix)) break;
    if (!is_selected(resource, list, *object)) continue;
    if (list.limit == 0 || listed.objects.size() < list.limit) {
      listed.objects.push_back(std::move(object));
      continue;
    }
    // As the real server, which can't count what it would have to filter.
    listed.remaining_known = list.labels.empty() && list.fields.empty();
    listed.remaining = list.left - std::min(list.left, listed.objects.size());
    listed.continue_token = encode_token(
        {list.revision, listed.objects.back()->key().substr(prefix.size()) + std::string(1, '\0'),
         listed.remaining});
    break;
  }
  return listed;
}

Json list_metadata(const Listed& listed, bool custom) {
  Json metadata = Json::object({
      {"resourceVersion", std::to_string(listed.revision)}
  });
  if (custom || !listed.continue_token.empty()) {
    metadata.set("continue", std::string_view(listed.continue_token));
  }
  if (listed.remaining_known) {
    metadata.set("remainingItemCount", static_cast<long>(listed.remaining));
  }
  return metadata;
}

}  // namespace

std::string list_text(const Resource& resource, const Listed& listed) {
  std::string text = R"({"kind":")" + resource.list_kind + R"(","apiVersion":")" +
                     resource.api_version() + R"(","metadata":)";
  append_text(list_metadata(listed, resource.custom), text);
  text.append(R"(,"items":[)");
  // Items of built-in kinds come without the kind and apiVersion that begin their texts.
  const std::size_t prefix = resource.custom ? 0 : resource.text_prefix_size();
  std::size_t size = text.size() + 2;
  for (const ObjectPtr& object : listed.objects) size += object->text().size() + 1;
  text.reserve(size);
  bool first = true;
  for (const ObjectPtr& object : listed.objects) {
    if (!first) text.push_back(',');
    first = false;
    if (resource.from_stored) {
      Json item = resource.from_stored(object->content());
      if (!resource.custom) {
        item.erase("kind");
        item.erase("apiVersion");
      }
      append_text(item, text);
    } else if (prefix == 0) {
      text.append(object->text());
    } else {
      text.append("{").append(object->text(), prefix);
    }
  }
  return text.append("]}");
}

namespace {

kubernetes::Response answer_list(Server& server, const Call& call, const Listed& listed) {
  const Resource& resource = *call.resource;
  if (call.form.shape == Representation::Shape::object)
    return json_response(200, list_text(resource, listed));
  std::vector<Json> converted;
  std::vector<const Json*> objects;
  converted.reserve(listed.objects.size());
  for (const ObjectPtr& object : listed.objects) {
    if (resource.from_stored) converted.push_back(resource.from_stored(object->content()));
    objects.push_back(resource.from_stored ? &converted.back() : &object->content());
  }
  Json metadata = list_metadata(listed, false);
  if (call.form.shape == Representation::Shape::table) {
    const Served<TableOptions> options = table_options_of(call);
    if (!options) return to_response(options.error());
    Json table = make_table(resource, objects, server.loop.now(), *options);
    table.set("metadata", std::move(metadata));
    return json_response(200, to_text(table));
  }
  Json items = Json::array();
  for (const Json* object : objects) {
    items.push_back(partial_metadata(*object, call.form.shape_version));
  }
  return json_response(200, to_text(Json::object({
                                {"kind",       "PartialObjectMetadataList"             },
                                {"apiVersion", "meta.k8s.io/" + call.form.shape_version},
                                {"metadata",   std::move(metadata)                     },
                                {"items",      std::move(items)                        }
  })));
}

}  // namespace

Served<Listed> list_stored(Server& server, const Call& call) {
  const ObjectTable& table = server.store.table(call.resource->table);
  const ListQuery list = SERVE(read_list_query(server, call, table));
  const std::string prefix = call.path.namespace_.empty() ? "" : call.path.namespace_ + "/";
  const std::string_view name = list.fields.name();
  if (!name.empty() && !list.historic && prefix.empty() != call.resource->namespaced) {
    Listed one{.objects = {}, .revision = list.revision};
    ObjectPtr object = table.find(prefix + std::string(name));
    if (object && is_selected(*call.resource, list, *object)) one.objects.push_back(object);
    return one;
  }
  ObjectTable::Objects former;
  if (list.historic) former = table.former_objects(list.revision);
  return collect(*call.resource, Walk(table.objects(), former, prefix + list.start), list, prefix);
}

kubernetes::Response list_objects(Server& server, Call& call) {
  const Served<Listed> listed = list_stored(server, call);
  return listed ? answer_list(server, call, *listed) : to_response(listed.error());
}

}  // namespace slipway::cluster
