#pragma once

#include <vector>

#include "base/result.h"
#include "rollout/observed.h"

namespace slipway::rollout {

/// What is wrong with the spec by itself, in the order in which Argo Rollouts looks: the first is
/// the one that the InvalidSpec condition tells. `where` is the field, `message` says what Argo
/// Rollouts says ("Invalid value: -1: must be greater than or equal to 0"), the hint what to do.
/// Source: defaults-validation.tsv.
std::vector<Error> validate(const api::Rollout& rollout);

/// The part of it that reads the pod template, which is dear: once for each spec is enough.
std::vector<Error> validate_template(const api::Rollout& rollout);

/// What is wrong with the objects that the spec names.
std::vector<Error> validate_references(const Observed& seen);

}  // namespace slipway::rollout
