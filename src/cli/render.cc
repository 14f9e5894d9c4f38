#include "cli/render.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace slipway::cli {
namespace {

std::string padded(std::string_view text, std::size_t width) {
  std::string cell(text);
  const std::size_t shown = display_width(text);
  if (shown < width) cell.append(width - shown, ' ');
  return cell;
}

std::string header(std::string_view label, std::string_view value) {
  return padded(label, 17) + std::string(value) + "\n";
}

std::string join_tags(const std::vector<Tag>& tags, std::string_view separator,
                      const Painter& paint) {
  std::string text;
  for (const Tag& tag : tags) {
    if (!text.empty()) text += separator;
    text += tag.colour == Colour::plain ? tag.text : paint(tag.text, tag.colour);
  }
  return text;
}

std::string status_cell(const TreeRow& row, const Painter& paint) {
  if (row.kind == "Revision") return " ";
  const Icon icon = icon_of(row.kind, row.status);
  return paint(icon.symbol, icon.colour) + " " + row.status;
}

void add_rows(const TreeRow& row, const std::string& prefix, const std::string& below,
              const Painter& paint, Instant now, std::vector<std::vector<std::string>>& rows) {
  std::string name = prefix + std::string(tree_symbol(row.kind)) + " ";
  name += row.name_colour == Colour::plain ? row.name : paint(row.name, row.name_colour);
  const bool revision = row.kind == "Revision";
  rows.push_back({name, revision ? "" : row.kind, status_cell(row, paint),
                  row.created ? format_human_duration(now - *row.created) : "",
                  join_tags(row.info, ",", paint)});
  for (std::size_t i = 0; i < row.children.size(); ++i) {
    const bool last = i + 1 == row.children.size();
    add_rows(row.children[i], below + (last ? "└──" : "├──"), below + (last ? "   " : "│  "), paint,
             now, rows);
  }
}

}  // namespace

std::string align(const std::vector<std::vector<std::string>>& rows,
                  const std::vector<std::size_t>& minimum_widths) {
  std::vector<std::size_t> widths(minimum_widths);
  for (const auto& row : rows) {
    if (widths.size() < row.size()) widths.resize(row.size(), 0);
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += i + 1 == row.size() ? row[i] : padded(row[i], widths[i] + 2);
    }
    text += "\n";
  }
  return text;
}

std::string render_tree(const TreeRow& root, const Painter& paint, Instant now) {
  std::vector<std::vector<std::string>> rows{
      {"NAME", "KIND", "STATUS", "AGE", "INFO"}
  };
  add_rows(root, "", "", paint, now, rows);
  return align(rows);
}

std::string render(const RolloutView& view, const Painter& paint, Instant now) {
  const Icon icon = icon_of("Rollout", view.phase.phase);
  std::string page = header("Name:", view.name) + header("Namespace:", view.namespace_) +
                     header("Status:", paint(icon.symbol, icon.colour) + " " + view.phase.phase);
  if (!view.phase.message.empty()) page += header("Message:", view.phase.message);
  page += header("Strategy:", view.strategy);
  if (view.strategy == "Canary") {
    page += header("  Step:", view.step) + header("  SetWeight:", view.set_weight) +
            header("  ActualWeight:", view.actual_weight);
  }
  for (std::size_t i = 0; i < view.images.size(); ++i) {
    const ImageLine& line = view.images[i];
    std::string text = line.image;
    if (!line.tags.empty()) text += " (" + join_tags(line.tags, ", ", paint) + ")";
    page += header(i == 0 ? "Images:" : "", text);
  }
  page += "Replicas:\n" + header("  Desired:", std::to_string(view.desired)) +
          header("  Current:", std::to_string(view.current)) +
          header("  Updated:", std::to_string(view.updated)) +
          header("  Ready:", std::to_string(view.ready)) +
          header("  Available:", std::to_string(view.available));
  return page + "\n" + render_tree(view.tree, paint, now);
}

}  // namespace slipway::cli
