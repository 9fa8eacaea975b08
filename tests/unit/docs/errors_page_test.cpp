// docs/reference/errors.md is made from the catalogue. After a change of the catalogue:
//   TROUPE_UPDATE_DOCS=1 build/dev/tests/unit/unit_docs
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "engine/base/errors.h"

namespace troupe {
namespace {

std::string errors_page() {
  std::ostringstream page;
  page << "# Errors\n\n"
          "Every error has a group and a code; clients see `group.code`, a message and, for some, metadata. The table "
          "is\n"
          "made from the catalogue in `engine/base/errors.def`.\n\n"
          "- *Actor*: HTTP status of an answer that an actor's runtime makes. *Gateway*: of one that the gateway or "
          "the\n"
          "  management API makes.\n"
          "- *Shown*: clients of an actor get message and metadata. Of the others they get group and code with the "
          "message\n"
          "  `An internal error occurred`; the log has the rest.\n"
          "- Errors that an application raises have the group `user`, any code, status 500, and are shown.\n"
          "- On a WebSocket an error is a Close frame with the reason `group.code`, with `#` and the ray id when the "
          "gateway\n"
          "  made it.\n\n"
          "| error | message | actor | gateway | shown |\n| --- | --- | --- | --- | --- |\n";
  for (const auto& kind : error_catalogue())
    page << "| `" << kind.group << '.' << kind.code << "` | " << kind.message << " | " << kind.actor_status << " | "
         << kind.gateway_status << " | " << (kind.is_public ? "yes" : "no") << " |\n";
  return page.str();
}

TEST(ErrorsPage, ListsTheWholeCatalogue) {
  const std::string path = TROUPE_SOURCE_DIR "/docs/reference/errors.md";
  const auto expected = errors_page();
  if (std::getenv("TROUPE_UPDATE_DOCS") != nullptr) std::ofstream(path) << expected;
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), expected);
}

}  // namespace
}  // namespace troupe
