#include "cluster/http_status.h"

namespace slipway::cluster {

kubernetes::Response refusal(int status, std::string_view reason, std::string_view message) {
  kubernetes::Response response;
  response.status = status;
  response.content_type = std::string(kubernetes::media::json);
  response.body = to_text(Json::object({
      {"kind",       "Status"      },
      {"apiVersion", "v1"          },
      {"metadata",   Json::object()},
      {"status",     "Failure"     },
      {"message",    message       },
      {"reason",     reason        },
      {"code",       status        },
  }));
  return response;
}

}  // namespace slipway::cluster
