// SARIF and JUnit as gitleaks writes them: what reads those already finds the same members under the same names of rules.

internal import Formats
internal import Model

extension GitleaksReport {
  /// SARIF 2.1.0.
  ///
  /// - Parameters:
  ///   - rules: the rules that were used, by gitleaks' names, with their descriptions.
  ///   - version: the program's version.
  public static func sarif(
    _ entries: [GitleaksEntry], rules: [(id: String, description: String)], version: String
  ) -> [UInt8] {
    var writer = JSONWriter(indent: 1)
    writer.object { writer in
      writer.member("$schema") { $0.string("https://json.schemastore.org/sarif-2.1.0.json") }
      writer.member("version") { $0.string("2.1.0") }
      writer.member("runs") { writer in
        writer.array { writer in
          writer.object { writer in
            writer.member("tool") { tool(rules, version, to: &$0) }
            writer.member("results") { writer in writer.array { for entry in entries { result(entry, to: &$0) } } }
          }
        }
      }
    }
    writer.endLine()
    return writer.bytes
  }

  private static func tool(
    _ rules: [(id: String, description: String)], _ version: String, to writer: inout JSONWriter
  ) {
    var seen: Set<String> = []
    writer.object { writer in
      writer.member("driver") { writer in
        writer.object { writer in
          writer.member("name") { $0.string("keywright") }
          writer.member("semanticVersion") { $0.string(version) }
          writer.member("rules") { writer in
            writer.array { writer in
              for rule in rules where seen.insert(rule.id).inserted {
                writer.object { writer in
                  writer.member("id") { $0.string(rule.id) }
                  writer.member("shortDescription") { text(rule.description, to: &$0) }
                }
              }
            }
          }
        }
      }
    }
  }

  private static func result(_ entry: GitleaksEntry, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("message") { text(entry.sentence, to: &$0) }
      writer.member("ruleId") { $0.string(entry.rule) }
      writer.member("level") { $0.string("error") }
      writer.member("locations") { writer in writer.array { location(entry, to: &$0) } }
      writer.member("partialFingerprints") { writer in
        writer.object { writer in
          writer.member("commitSha") { $0.string(entry.commit) }
          writer.member("email") { $0.string(entry.info?.email ?? "") }
          writer.member("author") { $0.string(entry.info?.author ?? "") }
          writer.member("date") { $0.string(entry.date) }
          writer.member("commitMessage") { $0.string(entry.info?.subject ?? "") }
        }
      }
      writer.member("properties") { writer in
        writer.object { writer in
          writer.member("tags") { writer in writer.array { for tag in entry.tags { $0.string(tag) } } }
        }
      }
    }
  }

  private static func location(_ entry: GitleaksEntry, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("physicalLocation") { writer in
        writer.object { writer in
          writer.member("artifactLocation") { writer in
            writer.object { $0.member("uri") { $0.string(entry.uri) } }
          }
          // A file that is found by its path alone has no region.
          if entry.startLine > 0 {
            writer.member("region") { writer in
              writer.object { writer in
                writer.member("startLine") { $0.integer(entry.startLine) }
                writer.member("startColumn") { $0.integer(entry.startColumn) }
                writer.member("endLine") { $0.integer(entry.endLine) }
                writer.member("endColumn") { $0.integer(entry.endColumn) }
                writer.member("snippet") { text(entry.secret, to: &$0) }
              }
            }
          }
        }
      }
    }
  }

  private static func text(_ text: String, to writer: inout JSONWriter) {
    writer.object { $0.member("text") { $0.string(text) } }
  }

  /// JUnit XML: a failed test case for each leak.
  public static func junit(_ entries: [GitleaksEntry]) -> [UInt8] {
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
    text += "\t<testsuite failures=\"\(entries.count)\" name=\"keywright\" tests=\"\(entries.count)\">"
    for entry in entries {
      var writer = JSONWriter(indent: 1)
      write(entry, to: &writer)
      let (title, sentence) = (xml(entry.description), xml(entry.sentence))
      text += "\n\t\t<testcase classname=\"\(title)\" file=\"\(xml(entry.file))\" name=\"\(sentence)\">\n"
      text += "\t\t\t<failure message=\"\(sentence)\" type=\"\(title)\">"
      let lines = String(decoding: writer.bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      text += lines.map { xml(String($0)) }.joined(separator: "\n") + "</failure>\n\t\t</testcase>"
    }
    return Array((text + (entries.isEmpty ? "" : "\n\t") + "</testsuite>\n</testsuites>\n").utf8)
  }
}

extension GitleaksEntry {
  /// What was found where, in a sentence.
  fileprivate var sentence: String {
    let place = startLine > 0 ? "\(file), line \(startLine)" : file
    return "\(rule) has found a secret in \(place)" + (commit.isEmpty ? "" : " at commit \(commit)")
  }

  /// The path as a relative reference of RFC 3986.
  fileprivate var uri: String {
    SARIFReport.uri(
      Occurrence(
        place: .file, path: BytePath(file), line: 1, endLine: 1, column: 1, endColumn: 1, offset: 0, length: 0))
  }
}
