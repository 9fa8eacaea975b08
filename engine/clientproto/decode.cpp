#include "engine/clientproto/decode.h"

#include "engine/base/codec/json.h"
#include "engine/clientproto/bare_decode.h"
#include "engine/clientproto/document_decode.h"
#include "engine/clientproto/items.h"
#include "troupe/cbor.h"

namespace troupe::clientproto {
namespace {

template <class Message>
Result<Message> decode_document(BytesView bytes) {
  CborReader in(bytes);
  Message message{};
  document::read(in, message);
  if (!in.ok()) return in.error();
  if (!in.at_end()) return malformed("bytes after the message");
  return message;
}

template <class Message>
Result<Message> decode(Encoding encoding, BytesView bytes) {
  switch (encoding) {
    case Encoding::bare:
      return bare::read<Message>(bytes);
    case Encoding::cbor:
      return decode_document<Message>(bytes);
    case Encoding::json:
      break;
  }
  TROUPE_TRY(const Bytes transcoded, json_to_cbor(as_text(bytes)));
  return decode_document<Message>(transcoded);
}

}  // namespace

Result<HttpActionRequest> decode_http_action_request(Encoding encoding, BytesView body) {
  return decode<HttpActionRequest>(encoding, body);
}
Result<HttpActionResponse> decode_http_action_response(Encoding encoding, BytesView body) {
  return decode<HttpActionResponse>(encoding, body);
}
Result<HttpQueueSendRequest> decode_http_queue_send_request(Encoding encoding, BytesView body) {
  return decode<HttpQueueSendRequest>(encoding, body);
}
Result<HttpQueueSendResponse> decode_http_queue_send_response(Encoding encoding, BytesView body) {
  return decode<HttpQueueSendResponse>(encoding, body);
}
Result<HttpResponseError> decode_http_response_error(Encoding encoding, BytesView body) {
  return decode<HttpResponseError>(encoding, body);
}
Result<ToServer> decode_to_server(Encoding encoding, BytesView frame) { return decode<ToServer>(encoding, frame); }
Result<ToClient> decode_to_client(Encoding encoding, BytesView frame) { return decode<ToClient>(encoding, frame); }

}  // namespace troupe::clientproto
