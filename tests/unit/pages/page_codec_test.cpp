#include "engine/storage/pages/page_codec.h"

#include "pages_world.h"

namespace troupe {
namespace {

TEST(PageCodec, EveryPageComesBack) {
  for (const Bytes& page : {Bytes(kPageBytes), page_of(1, 1), page_of(1, 1, true)}) {
    EXPECT_EQ(decode_page(encode_page(page)).value(), page);
  }
}

TEST(PageCodec, ZerosTakeOneByteAndNothingTakesMoreThanOneMoreThanItself) {
  EXPECT_EQ(encode_page(Bytes(kPageBytes)).size(), 1u);
  EXPECT_LT(encode_page(page_of(7, 1)).size(), 64u);
  EXPECT_EQ(encode_page(page_of(7, 1, true)).size(), kPageBytes + 1);
}

TEST(PageCodec, DamagedPagesAreCorrupt) {
  const Bytes packed = encode_page(page_of(7, 1));
  Bytes unknown = packed;
  unknown[0] = 9;
  for (const Bytes& value :
       {Bytes(), Bytes{1}, Bytes{0, 0}, Bytes(100, 2), unknown, Bytes(packed.begin(), packed.end() - 1)}) {
    EXPECT_EQ(code_of(decode_page(value)), "storage.corrupt");
  }
}

TEST(PageCodec, TheHeadComesBackAndADamagedOneIsCorrupt) {
  PageHead head;
  head.txid = 0x1122334455667788;
  head.size_pages = 0x99aabbcc;
  head.unfolded_txid = 3;
  head.stage_txid = 0x1122334455667789;
  head.stage_generation = 0xddeeff00;
  const Bytes stored = encode_page_head(head);
  EXPECT_EQ(decode_page_head(stored).value(), head);
  EXPECT_EQ(code_of(decode_page_head(BytesView(stored).first(stored.size() - 1))), "storage.corrupt");
  EXPECT_EQ(code_of(decode_page_head({})), "storage.corrupt");
}

TEST(PageKeys, PageOrderIsKeyOrder) {
  const ActorId id;
  EXPECT_LT(keys::page(id, 255), keys::page(id, 256));
  EXPECT_EQ(keys::pgno_of(keys::page(id, 0x01020304)), 0x01020304u);
  EXPECT_EQ(keys::pgno_of(keys::staged_page(id, 9, 77)), 77u);
  const keys::Range all = keys::actor_data(id);
  for (const Bytes& key : {keys::page_head(id), keys::page(id, 1), keys::page(id, UINT32_MAX),
                           keys::staged_page(id, 1, 1), keys::staged_segment(id, UINT64_MAX, UINT32_MAX)}) {
    EXPECT_TRUE(all.begin <= key && key < all.end);
  }
}

}  // namespace
}  // namespace troupe
