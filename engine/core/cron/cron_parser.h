#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/cron/cron_expression.h"

namespace troupe {

/// Reads the fields of a cron expression one after the other. Used by CronExpression::parse.
class CronParser {
 public:
  Result<CronExpression> parse(std::string_view text);

 private:
  /// Marks of one value of a field.
  enum Mark : std::uint8_t {
    kEvery = 1 << 0,
    // Bits 1 to 5: the n-th weekday of the month.
    kLast = 1 << 6,
    kNearestWeekday = 1 << 7,
  };
  struct Field {
    unsigned min, max;
    bool nearest_weekday = false;
    bool nth = false;
    /// `L` stood alone.
    bool last = false;
    /// Marks by value; a weekday field has 0 to 7.
    std::vector<std::uint8_t> marks = {};
  };

  bool read(Field& field, std::string_view text);
  bool read_part(Field& field, std::string_view part);
  bool read_steps(Field& field, std::string_view part);
  bool read_range(Field& field, std::string_view part);
  bool read_nearest_weekday(Field& field, std::string_view part);
  bool read_number(Field& field, std::string_view part);
  std::optional<std::uint8_t> mark_of(std::string_view part);
  std::optional<unsigned> number(std::string_view text, std::string_view problem);
  bool set(Field& field, unsigned value, std::uint8_t mark);
  /// Remembers why; false.
  bool fail(std::string_view problem);

  static std::uint64_t bits(const Field& field, std::uint8_t mark);

  std::string problem_;
};

}  // namespace troupe
