#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "simulation/properties/ledger.h"

namespace slipway::simulation {

/// How often a named situation came about (the `MARK`s of reliability.md).
struct SituationCount {
  std::string_view name;  ///< "an update is overtaken by another"
  std::uint64_t times = 0;
};

/// Counts the situations that matter. What the runs never got into, they have proved nothing about.
class Situations {
 public:
  Situations();

  void on_commit(const Change& change, const Ledger& ledger);
  void on_request(const SentRequest& request, const Ledger& ledger);
  void on_answer(const SentRequest& request, const Ledger& ledger);

  /// All of them, those that never came about too.
  const std::vector<SituationCount>& counts() const { return counts_; }

 private:
  struct LastWrite {
    std::string replica;
    Instant at;
  };
  void count(std::string_view name);
  void note_writer(const Change& change);

  std::vector<SituationCount> counts_;
  std::map<std::string_view, std::size_t> places_;
  std::map<std::string, LastWrite, std::less<>> last_writes_;  ///< By object.
  std::set<std::uint64_t> carried_out_;                        ///< Requests not yet answered.
};

}  // namespace slipway::simulation
