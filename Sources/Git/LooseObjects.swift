// Objects in files of their own: `objects/<two digits>/<the rest>`, each one zlib stream of "kind size NUL content".

internal import Model

enum LooseObjects {
  /// A loose object's header.
  struct Header {
    var kind: ObjectKind
    /// Bytes of content.
    var size: Int
    /// Bytes before the content.
    var headerCount: Int
  }

  /// The longest header: the longest kind, a space, 19 digits and a NUL.
  private static let maximumHeaderCount = 32
  /// Compressed bytes that hold the header in any stream a git would write.
  private static let probeCount = 1_024

  /// The file that holds the object, whether it is there or not.
  static func path(_ directory: String, _ id: ObjectID) -> String {
    let hex = id.description
    return "\(directory)/\(hex.prefix(2))/\(hex.dropFirst(2))"
  }

  /// The ids with the given first byte, unsorted; names that are not of that form are not objects.
  static func names(_ directory: String, firstByte: UInt8, idCount: Int) throws(ObjectFailure) -> [ObjectID] {
    let digits = String(firstByte >> 4, radix: 16) + String(firstByte & 15, radix: 16)
    guard let names = try StoredDirectory.names("\(directory)/\(digits)", maximum: maximumPerDirectory) else {
      return []
    }
    return names.compactMap { name in
      name.utf8.count == 2 * idCount - 2 ? ObjectID(hex: digits + name) : nil
    }
  }

  /// Files in one of the 256 directories that are looked at.
  private static let maximumPerDirectory = 1 << 22

  /// Opens the object in the first of the directories that has it.
  static func open(_ directories: [String], _ id: ObjectID) throws(ObjectFailure) -> StoredFile? {
    for directory in directories {
      do throws(ObjectFailure) {
        return try StoredFile(path(directory, id))
      } catch {
        if error.reason != .missing { throw error }
      }
    }
    return nil
  }

  /// Reads an object's header.
  static func header(_ file: StoredFile) throws(ObjectFailure) -> Header {
    let probe = try file.bytes(at: 0, count: min(file.size, probeCount))
    guard let start = InflatePrefix.unpack(probe, maximum: maximumHeaderCount), let header = parse(start) else {
      throw file.corrupt("its header makes no sense")
    }
    return header
  }

  /// Parses "kind size NUL"; the size is decimal without leading zeros.
  private static func parse(_ bytes: [UInt8]) -> Header? {
    guard let space = bytes.firstIndex(of: 0x20), let end = bytes.firstIndex(of: 0), space < end - 1 else { return nil }
    let kind: ObjectKind? =
      switch String(decoding: bytes[..<space], as: UTF8.self) {
      case "commit": .commit
      case "tree": .tree
      case "blob": .blob
      case "tag": .tag
      default: nil
      }
    let digits = bytes[(space + 1)..<end]
    guard let kind, digits.count < 18, digits.allSatisfy({ 0x30...0x39 ~= $0 }),
      digits.first != 0x30 || digits.count == 1
    else { return nil }
    return Header(kind: kind, size: digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }, headerCount: end + 1)
  }

  /// Unpacks a whole object, header included, into `output`; returns the header.
  static func read(
    _ file: StoredFile, maximumBytes: Int, into output: ByteBuffer, by inflater: Inflater
  ) throws(ObjectFailure) -> Header {
    let header = try header(file)
    guard header.size <= maximumBytes else { throw ObjectFailure.tooLarge(header.size) }
    let count = header.headerCount + header.size
    guard file.size <= Inflater.maximumCompressed(count) else {
      throw file.corrupt("it is longer than its size allows")
    }
    let input = try file.bytes(at: 0, count: file.size)
    output.reset(count: count)
    let isSound = unsafe input.withUnsafeBufferPointer { unsafe inflater.inflate($0, into: output.writable) }
    guard isSound else { throw file.corrupt("its compressed bytes are damaged") }
    return header
  }
}

extension ObjectFailure {
  /// The failure of an object of `count` bytes.
  static func tooLarge(_ count: Int) -> ObjectFailure {
    ObjectFailure(id: nil, reason: .tooLarge, detail: "it is \(count) bytes long, more than the limit")
  }

  /// The same failure, of the given object.
  func of(_ id: ObjectID) -> ObjectFailure {
    var failure = self
    failure.id = id
    return failure
  }
}
