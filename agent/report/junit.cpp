#include "agent/report/junit.h"

#include "agent/report/markup.h"

namespace agent {

void JunitSuite::add(const std::string& class_name, const std::string& name, const std::string& failure,
                     const std::string& output) {
  ++tests_;
  const std::string content =
      failure + (output.empty() ? "" : "<system-out>" + markup(output) + "</system-out>");
  cases_ += "    <testcase name=\"" + markup(name) + "\" classname=\"" + markup(class_name) + "\"" +
            (content.empty() ? "/>" : ">" + content + "</testcase>") + "\n";
}

void JunitSuite::pass(const std::string& class_name, const std::string& name, const std::string& output) {
  add(class_name, name, "", output);
}

void JunitSuite::fail(const std::string& class_name, const std::string& name,
                      const std::vector<std::string>& lines, const std::string& output) {
  ++failures_;
  std::string content = "<failure message=\"" + (lines.empty() ? "" : markup(lines.front())) + "\"";
  if (lines.size() > 1) {
    content += ">";
    for (const std::string& line : lines) content += markup(line) + "\n";
    content += "</failure>";
  } else {
    content += "/>";
  }
  add(class_name, name, content, output);
}

void JunitSuite::error(const std::string& class_name, const std::string& name, const std::string& message,
                       const std::string& output) {
  ++errors_;
  add(class_name, name, "<error message=\"" + markup(message) + "\"/>", output);
}

std::string JunitSuite::text() const {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"" + markup(name_) +
         "\" tests=\"" + std::to_string(tests_) + "\" failures=\"" + std::to_string(failures_) +
         "\" errors=\"" + std::to_string(errors_) + "\">\n" + cases_ + "  </testsuite>\n</testsuites>";
}

}  // namespace agent
