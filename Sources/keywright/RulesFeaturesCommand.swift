// keywright rules features: what the generic model sees, for the scripts that train it. Hidden: it is no part of the
// program's promises.

internal import ArgumentParser
internal import Formats
internal import Matching
internal import Model
internal import Posix

struct RulesFeaturesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "features",
    abstract: "Print every value that the generic detector measures, with its measures.",
    discussion: """
      With --dir, a JSON object a line: p path, l and m first and last line, f form, n name, v value, t the text round it,
      s score, x numbers and values of the measures that are not 0. Without, the names of the measures in their order.
      The output holds values: it is as secret as what was read.
      """,
    shouldDisplay: false)

  @Option(help: ArgumentHelp("The directory to read.", valueName: "path"))
  var dir: String?

  /// Larger files are data, and teach nothing about settings and programs.
  private static let maximumBytes = 4 << 20
  private static let maximumValueBytes = 300

  func run() throws {
    guard let dir else {
      for name in GenericSample.featureNames { Console.write(name + "\n") }
      return
    }
    var failures = 0
    DirectoryWalk.walk(
      dir,
      visit: { entry in
        if entry.kind == .directory { return entry.name != Array(".git".utf8) }
        guard entry.kind == .regular else { return false }
        do throws(SystemError) {
          let bytes = try entry.directory.open(entry.name).read(maximumBytes: RulesFeaturesCommand.maximumBytes)
          if !bytes.prefix(4_096).contains(0) { print(bytes, path: BytePath(entry.path)) }
        } catch { failures += 1 }
        return false
      },
      failed: { _, _ in failures += 1 })
    if failures > 0 { Console.note("\(failures) files could not be read") }
  }

  private func print(_ bytes: [UInt8], path: BytePath) {
    let samples = GenericSample.all(in: bytes.span)
    if samples.isEmpty { return }
    var breaks: [Int] = []
    for (offset, byte) in bytes.enumerated() where byte == 0x0a { breaks.append(offset) }
    for sample in samples {
      var writer = JSONWriter()
      writer.object { line in
        line.member("p") { $0.string(path.description) }
        line.member("l") { $0.integer(number(breaks, sample.value.lowerBound)) }
        line.member("m") { $0.integer(number(breaks, max(sample.value.lowerBound, sample.value.upperBound - 1))) }
        line.member("f") { $0.string(sample.form) }
        line.member("n") { $0.string(text(bytes, sample.name)) }
        line.member("v") { $0.string(text(bytes, sample.value)) }
        line.member("t") { $0.string(text(bytes, surroundings(bytes, sample.value))) }
        line.member("s") { $0.integer(sample.score) }
        line.member("x") { list in
          list.array { list in
            for (feature, value) in sample.features {
              list.integer(feature)
              list.integer(value)
            }
          }
        }
      }
      Console.write(writer.bytes.filter { $0 != 0x0a } + [0x0a])
    }
  }

  /// The line of an offset, from 1.
  private func number(_ breaks: [Int], _ offset: Int) -> Int {
    var (low, high) = (0, breaks.count)
    while low < high {
      let middle = (low + high) / 2
      if breaks[middle] < offset { low = middle + 1 } else { high = middle }
    }
    return low + 1
  }

  private func surroundings(_ bytes: [UInt8], _ value: Range<Int>) -> Range<Int> {
    var start = value.lowerBound
    while start > 0, bytes[start - 1] != 0x0a, value.lowerBound - start < 120 { start -= 1 }
    var end = value.upperBound
    while end < bytes.count, bytes[end] != 0x0a, end - value.upperBound < 60 { end += 1 }
    return start..<end
  }

  /// ASCII as it is, a question mark for each other byte.
  private func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
    String(
      decoding: bytes[range].prefix(RulesFeaturesCommand.maximumValueBytes).map { $0 < 0x7f ? $0 : 0x3f }, as: UTF8.self
    )
  }
}
