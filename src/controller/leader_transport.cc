#include "controller/leader_transport.h"

namespace slipway::controller {

void LeaderTransport::send(kubernetes::Request request, Done done) {
  if (request.method == kubernetes::Method::get || leads_()) {
    return inner_.send(std::move(request), std::move(done));
  }
  Error error{ErrorCode::cancelled, kubernetes::place_of(request, inner_.server()),
              "not sent: this replica no longer holds the lease",
              "another replica goes on with it"};
  loop_.post([done = std::move(done), error = std::move(error)] { done(Failure(error)); });
}

}  // namespace slipway::controller
