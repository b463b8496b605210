// keywright consumers: which files hold a key's value, and which of them a rotation would rewrite.

internal import ArgumentParser
internal import EnvFiles
internal import Formats
internal import Posix
internal import Rotation

struct ConsumersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "consumers",
    abstract: "Find every file that holds a configured key's value, as it is or composed.",
    discussion: """
      Looks for the value itself, percent-encoded, with JSON's escapes, inside URLs and lists, and inside base64 such as
      `user:key`. Nothing is written: a rotation rewrites what the configuration lists, and nothing else. Links are not
      followed, .git is not entered (scan --known looks into history).

      Exit status: 0 every place is listed, 1 some are not, 3 something could not be read.
      """)

  @Argument(help: ArgumentHelp("A configured key.", valueName: "name")) var name: String
  @Option(help: ArgumentHelp("Where to look; may be repeated.", valueName: "directory")) var root: [String] = []
  @Flag(help: "Write JSON.") var json = false
  @OptionGroup var configured: ConfigurationOptions

  func validate() throws {
    guard !root.isEmpty else { throw ValidationError("say where to look: --root DIRECTORY") }
  }

  func run() throws {
    SignalWatch.install()
    let configuration = try configured.load()
    guard let key = configuration.key(named: name) else {
      throw Failure(
        .usage, "no key is named '\(RotationText.printed(name))' in \(configuration.path)",
        hint: "it has: \(configuration.keys.prefix(20).map(\.name).joined(separator: ", "))")
    }
    let found: (consumers: [KeyConsumer], search: ConsumerSearch)
    do throws(RotationRefusal) {
      found = try KeyConsumers.find(key, under: root) { SignalWatch.isInterrupted }
    } catch { throw Failure(error) }
    if found.search.isStopped { throw ExitStatus.interrupted }
    if json {
      Console.write(document(found.consumers, found.search))
    } else {
      for consumer in found.consumers { Console.write(RotationText.printed(line(consumer)) + "\n") }
    }
    for place in found.search.unread {
      Console.complain(RotationText.printed("\(place.path) was not looked at: \(place.reason)"), hint: nil)
    }
    let unlisted = found.consumers.count { !$0.isListed }
    Console.note(
      "\(found.consumers.count) places in \(found.search.files) files; \(unlisted) not listed"
        + (unlisted > 0 ? ": add them to files of [[key]] '\(name)', or they keep the old value" : ""))
    if !found.search.unread.isEmpty { throw ExitStatus.incomplete }
    if unlisted > 0 { throw ExitStatus.findings }
  }

  private func line(_ consumer: KeyConsumer) -> String {
    let place = consumer.place
    let setting = place.key.map { " \($0)" } ?? ""
    let format = place.format?.description ?? "text"
    let elsewhere = consumer.listedVariable.map { " (the file is listed for \($0))" } ?? ""
    return "\(consumer.isListed ? "listed    " : "not listed")  \(place.path):\(place.line):\(setting)  \(format), "
      + "\(place.form.rawValue)\(consumer.isListed ? "" : elsewhere)"
  }

  private func document(_ consumers: [KeyConsumer], _ search: ConsumerSearch) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { root in
      root.member("schema") { $0.integer(1) }
      root.member("key") { $0.string(name) }
      root.member("consumers") { list in
        list.array { list in
          for consumer in consumers {
            list.object { item in
              item.member("path") { $0.string(consumer.place.path) }
              item.member("format") { $0.string(consumer.place.format?.description ?? "text") }
              item.member("setting") { $0.string(consumer.place.key) }
              item.member("line") { $0.integer(consumer.place.line) }
              item.member("form") { $0.string(consumer.place.form.rawValue) }
              item.member("listed") { $0.boolean(consumer.isListed) }
            }
          }
        }
      }
      root.member("files_read") { $0.integer(search.files) }
      root.member("unread") { list in
        list.array { list in
          for place in search.unread {
            list.object { item in
              item.member("path") { $0.string(place.path) }
              item.member("reason") { $0.string(place.reason) }
            }
          }
        }
      }
    }
    writer.endLine()
    return writer.bytes
  }
}
