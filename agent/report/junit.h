// JunitSuite: results in the XML that CI systems read as tests.
#pragma once

#include <string>
#include <vector>

namespace agent {

class JunitSuite {
 public:
  explicit JunitSuite(std::string name) : name_(std::move(name)) {}

  /// Each case has a name within a class. Text from outside is made fit for XML. `output` is what else there
  /// is to say, if anything.
  void pass(const std::string& class_name, const std::string& name, const std::string& output = {});
  /// What is wrong, the first line as its summary.
  void fail(const std::string& class_name, const std::string& name, const std::vector<std::string>& lines,
            const std::string& output = {});
  /// It could not be found out.
  void error(const std::string& class_name, const std::string& name, const std::string& message,
             const std::string& output = {});

  /// The document, without a line break at its end.
  std::string text() const;

 private:
  void add(const std::string& class_name, const std::string& name, const std::string& failure,
           const std::string& output);

  std::string name_;
  std::string cases_;
  std::size_t tests_ = 0;
  std::size_t failures_ = 0;
  std::size_t errors_ = 0;
};

}  // namespace agent
