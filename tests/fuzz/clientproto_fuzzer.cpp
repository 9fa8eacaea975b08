// The first byte picks a message and an encoding, the rest is what a peer sent. What decodes also encodes: in its own
// encoding to something that decodes to the same message, and in the binary ones at all (JSON has no form for maps
// whose keys are not text).

#include "check.h"
#include "engine/clientproto/decode.h"
#include "engine/clientproto/encode.h"

namespace troupe::clientproto {
namespace {

template <class Message>
void check(Encoding encoding, BytesView bytes, Result<Message> (*decode)(Encoding, BytesView)) {
  const auto message = decode(encoding, bytes);
  if (!message) return;
  FUZZ_CHECK(encode(Encoding::cbor, *message));
  FUZZ_CHECK(encode(Encoding::bare, *message));
  (void)encode(Encoding::json, *message);

  const auto once = encode(encoding, *message);
  FUZZ_CHECK(once);
  const auto again = decode(encoding, *once);
  if (encoding != Encoding::json) {
    FUZZ_CHECK(again);
    FUZZ_CHECK(*again == *message);
  } else if (again) {
    FUZZ_CHECK(*encode(encoding, *again) == *once);
  }
}

}  // namespace
}  // namespace troupe::clientproto

void fuzz(troupe::BytesView input) {
  using namespace troupe::clientproto;
  if (input.empty()) return;
  constexpr Encoding kEncodings[] = {Encoding::json, Encoding::cbor, Encoding::bare};
  const Encoding encoding = kEncodings[input[0] % 3];
  const troupe::BytesView bytes = input.subspan(1);
  switch (input[0] / 3 % 7) {
    case 0:
      return check<ToServer>(encoding, bytes, decode_to_server);
    case 1:
      return check<ToClient>(encoding, bytes, decode_to_client);
    case 2:
      return check<HttpActionRequest>(encoding, bytes, decode_http_action_request);
    case 3:
      return check<HttpActionResponse>(encoding, bytes, decode_http_action_response);
    case 4:
      return check<HttpQueueSendRequest>(encoding, bytes, decode_http_queue_send_request);
    case 5:
      return check<HttpQueueSendResponse>(encoding, bytes, decode_http_queue_send_response);
    default:
      return check<HttpResponseError>(encoding, bytes, decode_http_response_error);
  }
}
