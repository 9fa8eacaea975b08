#pragma once

#include "engine/clientproto/messages.h"
#include "troupe/cbor.h"

/// The self-describing form of the messages: CBOR, and JSON after its transcoding. A failure is left in the reader.
namespace troupe::clientproto::document {

void read(CborReader& in, HttpActionRequest& message);
void read(CborReader& in, HttpActionResponse& message);
void read(CborReader& in, HttpQueueSendRequest& message);
void read(CborReader& in, HttpQueueSendResponse& message);
void read(CborReader& in, HttpResponseError& message);
void read(CborReader& in, ToServer& message);
void read(CborReader& in, ToClient& message);

}  // namespace troupe::clientproto::document
