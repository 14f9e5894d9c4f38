#pragma once

#include <string>

#include "cluster/server/server.h"

namespace slipway::cluster {

// What each verb does. All answer in the form that the call wants.

kubernetes::Response get_object(Server& server, Call& call);
kubernetes::Response list_objects(Server& server, Call& call);
kubernetes::Response create_object(Server& server, Call& call);
kubernetes::Response update_object(Server& server, Call& call);
kubernetes::Response patch_object(Server& server, Call& call);
kubernetes::Response delete_object(Server& server, Call& call);
kubernetes::Response delete_collection(Server& server, Call& call);

/// Answers one object in the wanted form.
kubernetes::Response answer_object(Server& server, const Call& call, int code, const Json& object);
kubernetes::Response answer_object(Server& server, const Call& call, int code,
                                   const ObjectPtr& object);

}  // namespace slipway::cluster
