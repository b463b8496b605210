// From a report's occurrence back to the value, which the report does not hold: the object or file is read again, and
// the stated bytes are taken. Whether they are still the same is for the fingerprint to say.

internal import Git
internal import Matching
public import Model
internal import Posix
public import Secrets

/// Why a value can't be read again.
public struct LocatorError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong, without a final period.
  public var reason: String
  /// The reason.
  public var description: String { reason }
}

/// Reads values again.
public final class Locator {
  private let target: String
  private var reader: Result<StoreReader, LocatorError>?
  private static let maximumBytes = 1 << 30

  /// A locator for a report on `target`: the path of a repository, a directory or a file.
  public init(target: String) { self.target = target }

  /// The value at one occurrence.
  public static func read(_ occurrence: Occurrence, in target: String) throws(LocatorError) -> Secret {
    try Locator(target: target).read(occurrence)
  }

  /// The value at one occurrence; the repository is opened once.
  public func read(_ occurrence: Occurrence) throws(LocatorError) -> Secret {
    guard let object = occurrence.object else { return try readFile(occurrence) }
    let reader = try open().get()
    let secret: Secret?
    do throws(ObjectFailure) {
      secret = try reader.read(object) { _, bytes in Locator.find(occurrence, bytes) }
    } catch { throw LocatorError(reason: error.description) }
    guard let secret else { throw Locator.outside(occurrence) }
    return secret
  }

  private func open() -> Result<StoreReader, LocatorError> {
    if let reader { return reader }
    let opened: Result<StoreReader, LocatorError>
    do {
      let repository = try Repository.open(target)
      opened = .success(try HistoryScan.store(repository, maximumBlobBytes: Locator.maximumBytes).makeReader())
    } catch {
      opened = .failure(LocatorError(reason: "\(error)"))
    }
    reader = opened
    return opened
  }

  private func readFile(_ occurrence: Occurrence) throws(LocatorError) -> Secret {
    var bytes: [UInt8]
    do throws(SystemError) { bytes = try fileBytes(occurrence) } catch { throw LocatorError(reason: error.description) }
    defer { wipe(&bytes) }
    guard let secret = Locator.find(occurrence, bytes.span) else { throw Locator.outside(occurrence) }
    return secret
  }

  private func fileBytes(_ occurrence: Occurrence) throws(SystemError) -> [UInt8] {
    guard try Files.status(target).kind == .directory else {
      return try Files.read(target, maximumBytes: Locator.maximumBytes)
    }
    var directory = try Directory(target)
    let parts = occurrence.containerPath.bytes.split(separator: 0x2f)
    for part in parts.dropLast() { directory = try Directory(Array(part), in: directory) }
    return try directory.open(Array(parts.last ?? [])).read(maximumBytes: Locator.maximumBytes)
  }

  /// The value in the bytes of the file or object, or of the member of it that is named.
  private static func find(_ occurrence: Occurrence, _ bytes: Span<UInt8>) -> Secret? {
    guard let member = occurrence.member else { return take(occurrence, bytes) }
    guard var content = ArchiveMembers.read(member, in: bytes, maximumBytes: Locator.maximumBytes) else { return nil }
    defer { wipe(&content) }
    return take(occurrence, content.span)
  }

  private static func take(_ occurrence: Occurrence, _ bytes: Span<UInt8>) -> Secret? {
    guard occurrence.offset >= 0, occurrence.length > 0, occurrence.offset <= bytes.count,
      occurrence.length <= bytes.count - occurrence.offset
    else { return nil }
    let stored = bytes.extracting(occurrence.offset..<occurrence.offset + occurrence.length)
    if occurrence.decoders.isEmpty { return Secret(copying: stored) }
    guard var value = Decoders.decode(stored, occurrence.decoders) else { return nil }
    defer { wipe(&value) }
    return Secret(value)
  }

  private static func outside(_ occurrence: Occurrence) -> LocatorError {
    LocatorError(
      reason: "bytes \(occurrence.offset) to \(occurrence.offset + occurrence.length) are not there any more")
  }
}
