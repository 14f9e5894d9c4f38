#pragma once

#include <string>
#include <vector>

#include "cli/paint.h"
#include "cli/rollout_view.h"

namespace slipway::cli {

/// Aligns columns as Go's tabwriter does with two blanks of padding: each cell of a column is as
/// wide as its widest, the last cell of a row is not padded. Escape sequences have no width.
std::string align(const std::vector<std::vector<std::string>>& rows,
                  const std::vector<std::size_t>& minimum_widths = {});

/// The page of `get rollout`: header, images, replica counts, tree (cli-output.md, section 4).
std::string render(const RolloutView& view, const Painter& paint, Instant now);

/// The tree alone.
std::string render_tree(const TreeRow& root, const Painter& paint, Instant now);

}  // namespace slipway::cli
