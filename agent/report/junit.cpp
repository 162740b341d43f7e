#include "agent/report/junit.h"

#include "tuf/base/printable.h"

namespace agent {
namespace {

/// Text of an XML attribute or element. What XML cannot carry at all has been made visible before.
std::string xml(const std::string& text) {
  std::string out;
  for (const char c : tuf::printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

void JunitSuite::add(const std::string& class_name, const std::string& name, const std::string& failure,
                     const std::string& output) {
  ++tests_;
  const std::string content =
      failure + (output.empty() ? "" : "<system-out>" + xml(output) + "</system-out>");
  cases_ += "    <testcase name=\"" + xml(name) + "\" classname=\"" + xml(class_name) + "\"" +
            (content.empty() ? "/>" : ">" + content + "</testcase>") + "\n";
}

void JunitSuite::pass(const std::string& class_name, const std::string& name, const std::string& output) {
  add(class_name, name, "", output);
}

void JunitSuite::fail(const std::string& class_name, const std::string& name,
                      const std::vector<std::string>& lines, const std::string& output) {
  ++failures_;
  std::string content = "<failure message=\"" + (lines.empty() ? "" : xml(lines.front())) + "\"";
  if (lines.size() > 1) {
    content += ">";
    for (const std::string& line : lines) content += xml(line) + "\n";
    content += "</failure>";
  } else {
    content += "/>";
  }
  add(class_name, name, content, output);
}

void JunitSuite::error(const std::string& class_name, const std::string& name, const std::string& message,
                       const std::string& output) {
  ++errors_;
  add(class_name, name, "<error message=\"" + xml(message) + "\"/>", output);
}

std::string JunitSuite::text() const {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"" + xml(name_) +
         "\" tests=\"" + std::to_string(tests_) + "\" failures=\"" + std::to_string(failures_) +
         "\" errors=\"" + std::to_string(errors_) + "\">\n" + cases_ + "  </testsuite>\n</testsuites>";
}

}  // namespace agent
