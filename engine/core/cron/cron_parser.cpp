#include "engine/core/cron/cron_parser.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/base/errors.h"

namespace troupe {
namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";
/// Numbers are those of an octet, also as sums while stepping.
constexpr unsigned kNumberMax = 255;

// "-sun" first: at the end of a range it is the seventh day.
constexpr std::pair<std::string_view, std::string_view> kNames[] = {
    {"-sun", "-7"}, {"sun", "0"}, {"mon", "1"}, {"tue", "2"},  {"wed", "3"},  {"thu", "4"}, {"fri", "5"},
    {"sat", "6"},   {"jan", "1"}, {"feb", "2"}, {"mar", "3"},  {"apr", "4"},  {"may", "5"}, {"jun", "6"},
    {"jul", "7"},   {"aug", "8"}, {"sep", "9"}, {"oct", "10"}, {"nov", "11"}, {"dec", "12"}};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

/// Lower case, `*` for `?`, numbers for names.
std::string normalised(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '?') c = '*';
  }
  for (const auto& [name, number] : kNames) replace_all(out, name, number);
  return out;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// The parts before and after the one `separator`; nothing when there is none or more than one.
std::optional<std::pair<std::string_view, std::string_view>> halves(std::string_view text, char separator) {
  const auto at = text.find(separator);
  if (at == std::string_view::npos || text.find(separator, at + 1) != std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, at), text.substr(at + 1));
}

std::string_view without_nth(std::string_view text) { return text.substr(0, text.find('#')); }

Error invalid(std::string_view reason) {
  return make_error("schedule", "invalid_cron_expression", Value::object({{"reason", reason}}));
}

}  // namespace

Result<CronExpression> CronParser::parse(std::string_view text) {
  const std::string clean = normalised(text);
  const auto fields = split(clean, kBlanks);
  if (fields.size() != 5) return invalid("expected exactly five fields");

  Field minutes{0, 59};
  Field hours{0, 23};
  Field days{1, 31, true};
  Field months{1, 12};
  Field weekdays{0, 7, false, true};
  const bool good = read(minutes, fields[0]) && read(hours, fields[1]) && read(days, fields[2]) &&
                    read(months, fields[3]) && read(weekdays, fields[4]);
  if (!good) return invalid("Component error: " + problem_);

  CronExpression expression;
  expression.minutes_ = bits(minutes, kEvery);
  expression.hours_ = static_cast<std::uint32_t>(bits(hours, kEvery));
  expression.days_ = static_cast<std::uint32_t>(bits(days, kEvery));
  expression.nearest_weekdays_ = static_cast<std::uint32_t>(bits(days, kNearestWeekday));
  expression.months_ = static_cast<std::uint32_t>(bits(months, kEvery));
  expression.last_day_ = days.last;
  for (unsigned day = 0; day <= 7; ++day) expression.weekdays_[day % 7] |= weekdays.marks[day];
  expression.any_day_ = fields[2] == "*";
  expression.any_weekday_ = fields[4] == "*";
  return expression;
}

bool CronParser::read(Field& field, std::string_view text) {
  field.marks.assign(field.max + 1, 0);
  if (text == "*") {
    for (unsigned value = field.min; value <= field.max; ++value) field.marks[value] = kEvery;
    return true;
  }
  for (const std::string_view part : split(text, ",")) {
    if (!read_part(field, part)) return false;
  }
  return true;
}

bool CronParser::read_part(Field& field, std::string_view part) {
  if (part.find('/') != std::string_view::npos) return read_steps(field, part);
  if (part.find('-') != std::string_view::npos) return read_range(field, part);
  if (part.find('w') != std::string_view::npos) return read_nearest_weekday(field, part);
  if (part == "l") {
    field.last = true;
    return true;
  }
  return read_number(field, part);
}

bool CronParser::read_steps(Field& field, std::string_view part) {
  const auto mark = mark_of(part);
  if (!mark) return false;
  const auto both = halves(without_nth(part), '/');
  if (!both) return fail("Invalid stepped range syntax.");
  const auto step = number(both->second, "Invalid step.");
  if (!step) return false;
  if (*step == 0) return fail("Step cannot be zero.");

  unsigned first = field.min, last = field.max;
  if (both->first.find('-') != std::string_view::npos) {
    const auto ends = halves(both->first, '-');
    if (!ends) return fail("Invalid range syntax in stepping.");
    const auto from = number(ends->first, "Invalid range start.");
    const auto to = from ? number(ends->second, "Invalid range end.") : std::nullopt;
    if (!to) return false;
    first = *from;
    last = *to;
  } else if (both->first != "*") {
    const auto from = number(both->first, "Invalid start.");
    if (!from) return false;
    first = *from;
  }
  if (first < field.min || last > field.max || first > last) return fail("Range is out of bounds in stepping.");
  for (unsigned value = first; value <= last; value += *step) {
    if (!set(field, value, *mark)) return false;
    if (value + *step > kNumberMax) return fail("Value exceeded max after stepping.");
  }
  return true;
}

bool CronParser::read_range(Field& field, std::string_view part) {
  const auto mark = mark_of(part);
  if (!mark) return false;
  const auto ends = halves(without_nth(part), '-');
  if (!ends) return fail("Invalid range syntax.");
  const auto from = number(ends->first, "Invalid start of range.");
  const auto to = from ? number(ends->second, "Invalid end of range.") : std::nullopt;
  if (!to) return false;
  if (*from > *to || *from < field.min || *to > field.max) return fail("Range out of bounds.");
  for (unsigned value = *from; value <= *to; ++value) {
    if (!set(field, value, *mark)) return false;
  }
  return true;
}

bool CronParser::read_nearest_weekday(Field& field, std::string_view part) {
  if (!part.ends_with('w')) return fail("Invalid day for closest weekday.");
  part.remove_suffix(1);
  const auto day = number(part, "Invalid day for closest weekday.");
  if (!day) return false;
  if (*day < field.min || *day > field.max) return fail("Day for closest weekday out of bounds.");
  return set(field, *day, kNearestWeekday);
}

bool CronParser::read_number(Field& field, std::string_view part) {
  std::string_view digits = without_nth(part);
  const bool last = part.ends_with('l');
  if (last && digits.size() == part.size()) digits.remove_suffix(1);
  if ((last || digits.size() < part.size()) && !field.nth) {
    return fail("Nth specifier # not allowed in the current field.");
  }
  const auto mark = mark_of(part);
  if (!mark) return false;
  const auto value = number(digits, "Invalid number.");
  if (!value) return false;
  if (*value < field.min || *value > field.max) return fail("Number out of bounds.");
  return set(field, *value, *mark);
}

std::optional<std::uint8_t> CronParser::mark_of(std::string_view part) {
  if (part.ends_with('l')) return kLast;
  const auto at = part.find('#');
  if (at == std::string_view::npos) return kEvery;
  const auto nth = number(part.substr(at + 1), "Invalid nth specifier.");
  if (!nth) return std::nullopt;
  if (*nth < 1 || *nth > 5) {
    fail("Nth specifier out of bounds.");
    return std::nullopt;
  }
  return static_cast<std::uint8_t>(1u << *nth);
}

std::optional<unsigned> CronParser::number(std::string_view text, std::string_view problem) {
  if (text.starts_with('+')) text.remove_prefix(1);
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value > kNumberMax) {
    fail(problem);
    return std::nullopt;
  }
  return value;
}

bool CronParser::set(Field& field, unsigned value, std::uint8_t mark) {
  const bool allowed = mark == kEvery || (mark == kNearestWeekday ? field.nearest_weekday : field.nth);
  if (!allowed) return fail("A specifier is not allowed in the current field.");
  field.marks[value] |= mark;
  return true;
}

bool CronParser::fail(std::string_view problem) {
  problem_ = problem;
  return false;
}

std::uint64_t CronParser::bits(const Field& field, std::uint8_t mark) {
  std::uint64_t set = 0;
  for (unsigned value = field.min; value <= field.max; ++value) {
    if (field.marks[value] & mark) set |= std::uint64_t{1} << value;
  }
  return set;
}

}  // namespace troupe
