#ifndef VIBESTACK_USER_SERVICE_MAIL_PAYLOAD_H_
#define VIBESTACK_USER_SERVICE_MAIL_PAYLOAD_H_

#include <string>

#include "absl/time/time.h"
#include "user_service/domain/mail_queue.h"

namespace vibestack::user_service {

// `password_reset`, `sign_up` or `sign_up_existing`.
const char* EventName(Notice::Event event);

// The body of a delivery to the webhook: a JSON object in UTF-8 with `id` (of the delivery),
// `event`, `created_at`, `email` and `user_id`; if there is a token, also `token` and its
// `expires_at`. Times are RFC 3339 in UTC. See user_service/README.md, "Mail".
std::string MakePayload(const std::string& id, absl::Time created_at, const Notice& notice);

}  // namespace vibestack::user_service

#endif  // VIBESTACK_USER_SERVICE_MAIL_PAYLOAD_H_
