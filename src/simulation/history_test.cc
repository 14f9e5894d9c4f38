#include "simulation/history.h"

#include <doctest/doctest.h>

namespace slipway::simulation {
namespace {

TEST_CASE("a request's path says which object it is about") {
  struct Row {
    const char* target;
    ObjectKind kind;
    const char* key;
    const char* subresource;
    bool collection;
  };
  const Row rows[] = {
      {"/apis/apps/v1/namespaces/shop/replicasets/web-5d4",              ObjectKind::replica_set, "shop/web-5d4",
       "",                                                                                                                  false},
      {"/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web/status", ObjectKind::rollout,
       "shop/web",                                                                                                "status", false},
      {"/api/v1/namespaces/shop/events",                                 ObjectKind::event,       "shop/",        "",       true },
      {"/api/v1/pods?limit=500",                                         ObjectKind::pod,         "/",            "",       true },
      {"/version",                                                       ObjectKind::other,       "/",            "",       true },
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    const Addressed about = addressed_by(row.target);
    CHECK(about.kind == row.kind);
    CHECK(about.key == row.key);
    CHECK(about.subresource == row.subresource);
    CHECK(about.collection == row.collection);
  }
}

}  // namespace
}  // namespace slipway::simulation
