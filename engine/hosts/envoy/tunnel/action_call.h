#pragma once

#include <string>

#include "troupe/http.h"
#include "troupe/queue.h"

namespace troupe {

/// Actions that one actor calls at another, and queue messages it sends, as the HTTP requests of a client. Source:
/// client protocol of RivetKit 2.3.19, actions and queues over HTTP.
HttpRequest make_action_request(const std::string& action, Bytes args);

/// CBOR out; nothing (`undefined`) is no bytes. Reads a streamed body up to `body_bytes_max`. Errors: those of the
/// action, and `envoy.fetch_failed` for answers that are none.
Task<Result<Bytes>> read_action_answer(HttpResponse response, std::size_t body_bytes_max);

HttpRequest make_queue_request(QueueSend message);
/// Errors: as of actions.
Task<Result<QueueSent>> read_queue_answer(HttpResponse response, std::size_t body_bytes_max);

}  // namespace troupe
