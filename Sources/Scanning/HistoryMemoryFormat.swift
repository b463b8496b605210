// The file that a memory is kept in. Little-endian numbers, most of them of variable length; a digest over all of it. Whatever
// the file says is checked before it is used: a damaged or a forged one is not read, or at worst makes a scan read less.

internal import Git
internal import Model
internal import Posix
internal import RuleBook
internal import Secrets

/// Reading and writing memories.
enum HistoryMemoryFile {
  static let mark = Array("keywright object cache 1\n".utf8)
  /// A longer file is not read.
  private static let maximumBytes = 4 << 30
  private static let digestCount = 32

  /// What the file holds, if it was written under the same digest; `notice` is told where it is there and can't be used.
  static func load(
    _ path: String, _ digest: [UInt8], idCount: Int, ruleCount: Int, _ notice: ((String) -> Void)?
  ) -> HistoryMemory? {
    guard let status = try? Files.status(path), status.kind == .regular else { return nil }
    func refuse(_ reason: String) -> HistoryMemory? {
      notice?("the cache \(path) is not used: \(reason)")
      return nil
    }
    guard status.owner == Identity.user, status.mode & 0o022 == 0 else {
      return refuse("others may write to it")
    }
    guard let bytes = try? Files.read(path, maximumBytes: maximumBytes) else { return refuse("it can't be read") }
    let start = mark.count + 2 * digestCount
    guard bytes.count >= start, bytes.starts(with: mark) else { return refuse("it is damaged, or of another version") }
    // Other rules or options: nothing to speak of.
    guard bytes[mark.count..<mark.count + digestCount].elementsEqual(digest) else { return nil }
    let body = bytes.span.extracting(start..<bytes.count)
    guard SHA256.hash(body).elementsEqual(bytes[(start - digestCount)..<start]) else { return refuse("it is damaged") }
    var reader = MemoryReader(body, idCount: idCount, ruleCount: ruleCount)
    guard let memory = reader.memory() else { return refuse("it is damaged") }
    return memory
  }

  /// Replaces the file as a whole: a killed writer leaves the old one, and of two writers the last one wins.
  static func store(_ memory: HistoryMemory, _ path: String, _ digest: [UInt8]) throws(SystemError) {
    var writer = MemoryWriter()
    writer.write(memory)
    let bytes = mark + digest + SHA256.hash(writer.bytes) + writer.bytes
    try Files.makeDirectory(Files.parent(path), mode: 0o700)
    Files.removeAbandoned(in: Files.parent(path))
    try Files.replaceAtomically(path, bytes, mode: 0o600)
  }

  /// The digest of everything in rules that decides what a scan finds.
  static func digest(of rules: RuleList) -> [UInt8] {
    // A packed book has one already, without being unpacked.
    if let digest = rules.digest { return SHA256.hash(Array(digest.utf8)) }
    var text = ""
    for rule in rules {
      text += "\(rule.id)\u{0}\(rule.kind)\u{0}\(rule.detector ?? "")\u{0}\(rule.keywords)\u{0}\(rule.value)\u{0}"
      text += "\(rule.pattern)\u{0}\(rule.literals)\u{0}\(rule.literalsIgnoreCase) \(rule.secretGroup) \(rule.width) "
      text += "\(rule.minimumEntropy ?? 0)\u{0}\(rule.stopWords)\u{0}\(rule.severity) \(rule.confidence) "
      text += "\(rule.checksum?.rawValue ?? "") \(rule.checksumIsOptional) \(rule.isPublic)\u{0}\(rule.paths)\u{0}"
      text += "\(rule.pairs) \(rule.pairLines)\u{0}"
      if let content = rule.content { text += "\(content)" }
      text += "\n"
    }
    return SHA256.hash(Array(text.utf8))
  }
}
