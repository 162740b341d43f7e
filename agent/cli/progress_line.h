// ProgressLine: how far a command is, on standard error while it runs: on a terminal one line that changes,
// for a log one line for each repository.
#pragma once

#include <string>

#include "agent/cli/command_line.h"
#include "agent/config/environment.h"
#include "agent/work/run.h"

namespace agent {

class ProgressLine {
 public:
  ProgressLine(const OutputOptions& output, const Environment& environment);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  /// What is printed afterwards begins where the line stood.
  ~ProgressLine();

  void show(const Progress& step);

 private:
  enum class Form { kNone, kLive, kLines, kJsonLines };

  Form form_ = Form::kNone;
  bool is_shown_ = false;
};

}  // namespace agent
