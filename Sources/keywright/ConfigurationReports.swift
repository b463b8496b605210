// What `config show` and `config check` print, for people and for programs.

internal import Formats

extension EffectiveConfiguration {
  /// For people: two tables.
  var text: String {
    let fileRows = files.map { [shortened($0.path, 200), $0.role, $0.state, $0.reason ?? ""] }
    let valueRows = values.map { [shortened($0.name, 100), shortened($0.value.text, 400), $0.value.origin.text] }
    return "files\n" + TextTable.rows(fileRows) + "values\n" + TextTable.rows(valueRows)
  }

  private func shortened(_ text: String, _ count: Int) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(count).map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }

  /// For programs.
  var json: [UInt8] {
    var writer = JSONWriter()
    writer.object { root in
      root.member("schema") { $0.integer(1) }
      root.member("files") { list in
        list.array { list in
          for file in files {
            list.object { object in
              object.member("path") { $0.string(file.path) }
              object.member("role") { $0.string(file.role) }
              object.member("state") { $0.string(file.state) }
              object.member("reason") { $0.string(file.reason) }
            }
          }
        }
      }
      root.member("values") { list in
        list.array { list in
          for (name, value) in values {
            list.object { object in
              object.member("name") { $0.string(name) }
              object.member("value") { $0.string(value.text) }
              object.member("origin") { EffectiveConfiguration.write(value.origin, &$0) }
            }
          }
        }
      }
    }
    writer.endLine()
    return writer.bytes
  }

  private static func write(_ origin: Origin, _ writer: inout JSONWriter) {
    writer.object { object in
      switch origin {
      case .flag(let name):
        object.member("kind") { $0.string("flag") }
        object.member("name") { $0.string(name) }
      case .variable(let name):
        object.member("kind") { $0.string("environment") }
        object.member("name") { $0.string(name) }
      case .file(let path, let line):
        object.member("kind") { $0.string("file") }
        object.member("path") { $0.string(path) }
        object.member("line") { $0.integer(line) }
      case .standard: object.member("kind") { $0.string("default") }
      }
    }
  }
}

extension ConfigurationCheck {
  /// A line for each mistake, and one for its hint.
  var text: String {
    remarks.map { remark in
      "\(remark.isWarning ? "warning: " : "")\(remark)\n" + (remark.hint.map { "  hint: \($0)\n" } ?? "")
    }.joined()
  }

  /// For programs.
  var json: [UInt8] {
    var writer = JSONWriter()
    writer.object { root in
      root.member("schema") { $0.integer(1) }
      root.member("files") { list in
        list.array { list in
          for file in files {
            list.object { object in
              object.member("path") { $0.string(file.path) }
              object.member("kind") { $0.string(file.kind.rawValue) }
            }
          }
        }
      }
      root.member("remarks") { list in
        list.array { list in
          for remark in remarks {
            list.object { object in
              object.member("file") { $0.string(remark.file) }
              object.member("line") { $0.integer(remark.line > 0 ? remark.line : nil) }
              object.member("severity") { $0.string(remark.isWarning ? "warning" : "error") }
              object.member("reason") { $0.string(remark.reason) }
              object.member("hint") { $0.string(remark.hint) }
            }
          }
        }
      }
    }
    writer.endLine()
    return writer.bytes
  }
}
