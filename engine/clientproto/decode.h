#pragma once

#include "engine/clientproto/messages.h"
#include "troupe/result.h"

/// Bytes to messages. Pure. Every failure is `core.internal_error` with a detail, which is what clients of the
/// reference see of a malformed message. Inputs nest at most 128 deep; the caller bounds their size.
///
/// Arguments come out as a CBOR array whatever the client wrote: null and, in an HTTP body, a missing field are no
/// arguments, any other value is the only argument. CBOR tags, byte strings and wide integers are kept.
/// BARE messages of versions 1 to 4 are read (queue messages: 3 and 4); bytes after the payload are ignored.
namespace troupe::clientproto {

Result<HttpActionRequest> decode_http_action_request(Encoding encoding, BytesView body);
Result<HttpActionResponse> decode_http_action_response(Encoding encoding, BytesView body);
Result<HttpQueueSendRequest> decode_http_queue_send_request(Encoding encoding, BytesView body);
Result<HttpQueueSendResponse> decode_http_queue_send_response(Encoding encoding, BytesView body);
Result<HttpResponseError> decode_http_response_error(Encoding encoding, BytesView body);
Result<ToServer> decode_to_server(Encoding encoding, BytesView frame);
Result<ToClient> decode_to_client(Encoding encoding, BytesView frame);

}  // namespace troupe::clientproto
