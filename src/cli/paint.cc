#include "cli/paint.h"

#include <array>

namespace slipway::cli {
namespace {

constexpr Icon waiting{"◷", Colour::yellow};
constexpr Icon progressing{"◌", Colour::bright_blue};
constexpr Icon warning{"⚠", Colour::red};
constexpr Icon unknown{"?", Colour::yellow};
constexpr Icon ok{"✔", Colour::green};
constexpr Icon bad{"✖", Colour::red};
constexpr Icon paused{"॥", Colour::plain};
constexpr Icon neutral{"•", Colour::plain};
constexpr Icon blank{" ", Colour::plain};

struct Row {
  std::string_view status;
  Icon icon;
};

constexpr Row rollout_icons[] = {
    {"Progressing", progressing},
    {"Paused",      paused     },
    {"Healthy",     ok         },
    {"Degraded",    bad        },
    {"Error",       warning    },
    {"InvalidSpec", warning    },
    {"Unknown",     unknown    },
    {"ScaledDown",  neutral    },
};
constexpr Row replica_set_icons[] = {
    {"Progressing",    progressing},
    {"Healthy",        ok         },
    {"ReplicaFailure", bad        },
    {"ScaledDown",     neutral    },
};
constexpr Row run_icons[] = {
    {"Successful",   ok         },
    {"Failed",       bad        },
    {"Error",        warning    },
    {"Inconclusive", unknown    },
    {"Running",      progressing},
    {"Pending",      waiting    },
};
constexpr Row pod_icons[] = {
    {"Pending",             progressing},
    {"Terminating",         progressing},
    {"ContainerCreating",   progressing},
    {"Running",             ok         },
    {"Completed",           ok         },
    {"Failed",              bad        },
    {"InvalidImageName",    bad        },
    {"CrashLoopBackOff",    bad        },
    {"ImagePullBackOff",    warning    },
    {"RegistryUnavailable", warning    },
    {"Unknown",             unknown    },
};

template <std::size_t N>
Icon find(const Row (&rows)[N], std::string_view status) {
  for (const Row& row : rows) {
    if (row.status == status) return row.icon;
  }
  return blank;
}

Icon pod_icon(std::string_view status) {
  if (status.starts_with("Init:")) return progressing;
  if (status.starts_with("Signal:") || status.starts_with("ExitCode:")) return bad;
  if (status.ends_with("Error") || status.starts_with("Err")) return warning;
  return find(pod_icons, status);
}

}  // namespace

std::string Painter::operator()(std::string_view word, Colour colour) const {
  if (!colour_) return std::string(word);
  return "\x1b[" + std::to_string(static_cast<int>(colour)) + "m" + std::string(word) + "\x1b[0m";
}

Icon icon_of(std::string_view kind, std::string_view status) {
  if (kind == "Rollout") return find(rollout_icons, status);
  if (kind == "ReplicaSet") return find(replica_set_icons, status);
  if (kind == "Pod") return pod_icon(status);
  return find(run_icons, status);
}

std::string_view tree_symbol(std::string_view kind) {
  if (kind == "Rollout") return "⟳";
  if (kind == "Revision") return "#";
  if (kind == "ReplicaSet") return "⧉";
  if (kind == "Pod") return "□";
  if (kind == "Job") return "⊞";
  if (kind == "Experiment") return "Σ";
  if (kind == "AnalysisRun") return "α";
  return " ";
}

}  // namespace slipway::cli
