#include "agent/cli/progress_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <string_view>

#include "tuf/base/printable.h"

namespace agent {
namespace {

constexpr std::size_t kBar = 20;
constexpr std::size_t kColumns = 80;  // of a terminal that does not say
constexpr std::string_view kClear = "\r\x1b[K";

/// Not through a stream: other threads than the one that prints results may be the ones to tell.
void write_out(std::string_view text) {
  static_cast<void>(::write(STDERR_FILENO, text.data(), text.size()) < 0);  // nobody has to see it
}

std::string words_of(const Progress& step) {
  return std::to_string(step.at) + " of " + std::to_string(step.all) + " " + step.done + ": " +
         tuf::printable(step.what);
}

/// Where a line can be cleared.
bool is_terminal(const Environment& environment) {
  return isatty(STDERR_FILENO) == 1 && environment.terminal.value_or("dumb") != "dumb";
}

std::size_t columns_of_terminal() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kColumns;
}

/// "[######              ] 3 of 10 published: registry.example.com/app", cut to a terminal's columns.
std::string live_line(const Progress& step, std::size_t columns) {
  const std::size_t full = step.all == 0 ? 0 : kBar * step.at / step.all;
  std::string line = "[" + std::string(full, '#') + std::string(kBar - full, ' ') + "] " + words_of(step);
  if (line.size() >= columns) line.resize(columns > 0 ? columns - 1 : 0);
  return line;
}

}  // namespace

ProgressLine::ProgressLine(const OutputOptions& output, const Environment& environment) {
  using Mode = OutputOptions::Progress;
  if (output.quiet || output.progress == Mode::kNone) {
    form_ = Form::kNone;
  } else if (output.json_log) {
    form_ = Form::kJsonLines;
  } else {
    // What is logged would be written into the line.
    const bool is_live = output.progress == Mode::kAuto && output.verbosity == 0 && is_terminal(environment);
    form_ = is_live ? Form::kLive : Form::kLines;
  }
}

ProgressLine::~ProgressLine() {
  if (is_shown_) write_out(kClear);
}

void ProgressLine::show(const Progress& step) {
  switch (form_) {
    case Form::kNone:
      return;
    case Form::kLive:
      is_shown_ = true;
      return write_out(std::string(kClear) + live_line(step, columns_of_terminal()));
    case Form::kLines:
      return write_out(words_of(step) + "\n");
    case Form::kJsonLines:
      return write_out(OrderedJson{{"level", "info"}, {"message", words_of(step)}}.dump() + "\n");
  }
}

}  // namespace agent
