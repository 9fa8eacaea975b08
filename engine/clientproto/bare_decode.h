#pragma once

#include "engine/clientproto/messages.h"
#include "troupe/result.h"

/// Messages from versioned BARE. Declared for the messages of decode.h.
namespace troupe::clientproto::bare {

template <class Message>
Result<Message> read(BytesView bytes);

template <>
Result<HttpActionRequest> read(BytesView bytes);
template <>
Result<HttpActionResponse> read(BytesView bytes);
template <>
Result<HttpQueueSendRequest> read(BytesView bytes);
template <>
Result<HttpQueueSendResponse> read(BytesView bytes);
template <>
Result<HttpResponseError> read(BytesView bytes);
template <>
Result<ToServer> read(BytesView bytes);
template <>
Result<ToClient> read(BytesView bytes);

}  // namespace troupe::clientproto::bare
