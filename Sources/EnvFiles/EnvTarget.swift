// The vocabulary of rewriting: which value in which file, what state it is in, what was done, what went wrong.

public import Formats

/// One value in one file.
public struct EnvTarget: Sendable, Hashable {
  /// The file, as the user named it; a link is followed.
  public var path: String
  /// The variable that holds the value.
  public var variable: String
  /// The programs that read an environment file; every one of them must understand the result. Empty: ``format``, or
  /// inferred from the path.
  public var dialects: [DotenvDialect]
  /// What kind of file it is, where that is not an environment file; nil: inferred from the path. ``variable`` is then
  /// the key as ``SettingFormat`` names it, such as the JSON pointer `/database/password`.
  public var format: SettingFormat?
  /// Whether the value is a list of keys (`new,old` or a JSON list), all of which its reader accepts: the new key is put
  /// first and the old one is left there until ``EnvFiles/drop(_:old:new:transaction:policy:)``.
  public var isList: Bool

  /// A target as given.
  public init(
    path: String, variable: String, dialects: [DotenvDialect] = [], format: SettingFormat? = nil, isList: Bool = false
  ) {
    self.path = path
    self.variable = variable
    self.dialects = dialects
    self.format = format
    self.isList = isList
  }

  var readers: [SettingFormat] {
    if !dialects.isEmpty { return dialects.map { .dotenv($0) } }
    return format.map { [$0] } ?? SettingFormat.inferred(from: path)
  }
}

/// What a rewrite may touch. Whether git tracks a file is for the caller to find out.
public struct EnvPolicy: Sendable {
  /// Whether a file that git tracks may be rewritten: the next commit would then publish the new value.
  public var allowsTracked: Bool
  /// Whether git tracks the file with this absolute path, links resolved.
  public var isTracked: @Sendable (String) -> Bool

  /// A policy as given; without arguments no file counts as tracked.
  public init(allowsTracked: Bool = false, isTracked: @escaping @Sendable (String) -> Bool = { _ in false }) {
    self.allowsTracked = allowsTracked
    self.isTracked = isTracked
  }
}

/// What a target holds.
public enum EnvState: Sendable, Equatable {
  /// The old value, in at least one assignment that counts.
  case holdsOld
  /// The new value, and the old one nowhere; in a list, the new one, whatever else is in it.
  case holdsNew
  /// Something else: somebody edited it.
  case holdsOther
  /// The file exists and does not assign the variable.
  case absent
}

/// What a rewrite would do.
public struct EnvPreview: Sendable, Equatable {
  /// The file that would be replaced: absolute, links resolved.
  public var path: String
  /// The lines that would change, counted from 1; empty when the new value is in place already.
  public var lines: [Int]
  /// The quotes round the assignment that counts.
  public var quoting: SettingQuoting
  /// Whether the value is a part of a longer one, such as a URL or a list.
  public var isPart: Bool
  /// The readers for which the result is proven.
  public var readers: [SettingFormat]
  /// Those of the readers that read environment files.
  public var dialects: [DotenvDialect] {
    readers.compactMap { if case .dotenv(let dialect) = $0 { dialect } else { nil } }
  }
  /// What people should know: other copies, editors at work, permissions.
  public var warnings: [String]
}

/// What a rewrite did.
public struct EnvReplacement: Sendable, Equatable {
  /// The file that was replaced: absolute, links resolved.
  public var path: String
  /// The lines that were changed, counted from 1; empty when the new value was in place already.
  public var lines: [Int]
  /// Whether there was nothing to do.
  public var wasInPlace: Bool { lines.isEmpty }
}

/// Why a file could not be read or rewritten. Holds no content of the file.
public struct EnvFileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What callers tell apart.
  public enum Kind: String, Sendable {
    /// The file does not exist.
    case missing
    /// It can't be read.
    case unreadable
    /// It, or its directory, can't be written.
    case notWritable
    /// It does not assign the variable.
    case variableMissing
    /// The value is neither the old one nor the new one: somebody edited it. Nothing was written.
    case conflict
    /// The file is of a kind, or in a place, where replacing it would do harm.
    case unsafePlace
    /// No way of writing the new value is understood alike by every declared reader.
    case noSafeQuoting
    /// The file, or the assignment, is not understood with certainty.
    case malformed
    /// The file or a value is beyond the limits.
    case tooLarge
    /// Another program holds the file's lock.
    case busy
    /// A system call failed for another reason.
    case io
  }

  /// What callers tell apart.
  public var kind: Kind
  /// For people.
  public var reason: String
  /// What to do about it.
  public var hint: String?
  /// The file.
  public var path: String
  /// Counted from 1; nil where it is about the file as a whole.
  public var line: Int?

  init(_ kind: Kind, _ path: String, _ reason: String, hint: String? = nil, line: Int? = nil) {
    self.kind = kind
    self.path = path
    self.reason = reason
    self.hint = hint
    self.line = line
  }

  /// `path:line: reason`.
  public var description: String { line.map { "\(path):\($0): \(reason)" } ?? "\(path): \(reason)" }
}
