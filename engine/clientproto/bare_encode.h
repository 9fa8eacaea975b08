#pragma once

#include "engine/clientproto/messages.h"

/// Messages as versioned BARE: u16 version, then the payload.
namespace troupe::clientproto::bare {

Bytes write(const HttpActionRequest& message);
Bytes write(const HttpActionResponse& message);
Bytes write(const HttpQueueSendRequest& message);
Bytes write(const HttpQueueSendResponse& message);
Bytes write(const HttpResponseError& message);
Bytes write(const ActionRequest& message);
Bytes write(const SubscriptionRequest& message);
Bytes write(const Init& message);
Bytes write(const ErrorFrame& message);
Bytes write(const ActionResponse& message);
Bytes write_event(std::string_view name, BytesView args);

}  // namespace troupe::clientproto::bare
