// The generic case: what the detector takes from the bytes before it judges. A claim is a value that something names, and
// how the two stand together; whether it is a credential is for the model to say.

/// How a value stands to what names it.
enum GenericForm: UInt8, CaseIterable {
  /// `name = value`, `name := value`.
  case assignment
  /// `name: value`.
  case colon
  /// `name => value`, `name -> value`.
  case arrow
  /// `name == value`.
  case comparison
  /// `name(value)`.
  case call
  /// `name, value`.
  case argument
  /// `--name value`, `-name value`.
  case option
  /// `name value`.
  case words
  /// `<name>value</name>`.
  case element
  /// `name: X, value: Y`.
  case pair
  /// `${name:-value}`.
  case fallback
  /// `scheme://user:value@host`.
  case url
  /// `Basic value`.
  case basic
  /// `Bearer value`.
  case bearer
  /// `-u user:value`.
  case login
  /// The hash of a password.
  case hash
  /// A JSON Web Token.
  case webToken
  /// A private key in its armour.
  case armour
}

/// How a value is quoted.
enum GenericQuote: UInt8, CaseIterable {
  case none, double, single, back, escaped, triple
}

/// What a value is, beyond a plain literal.
struct GenericTraits: OptionSet {
  let rawValue: UInt16

  /// The name stands in quotes.
  static let nameQuoted = GenericTraits(rawValue: 1 << 0)
  /// The literal is an argument of a call or a constructor: `Some("…")`, `getenv("…")`.
  static let wrapped = GenericTraits(rawValue: 1 << 1)
  /// Something that is no literal is joined to it.
  static let joined = GenericTraits(rawValue: 1 << 2)
  /// The value goes on beyond what was read.
  static let clipped = GenericTraits(rawValue: 1 << 3)
  /// A quoted value whose quote does not close on the line.
  static let unclosed = GenericTraits(rawValue: 1 << 4)
  /// A type stands between name and value.
  static let typed = GenericTraits(rawValue: 1 << 5)
  /// The value stands on a line of its own.
  static let nextLine = GenericTraits(rawValue: 1 << 6)
  /// A list, a table or a block opens before the literal.
  static let nested = GenericTraits(rawValue: 1 << 7)
  /// A negated or compound operator.
  static let unusualOperator = GenericTraits(rawValue: 1 << 8)
  /// The value is a later argument of a call.
  static let laterArgument = GenericTraits(rawValue: 1 << 9)
  /// The literal has a prefix letter: `b"…"`, `@"…"`.
  static let prefixed = GenericTraits(rawValue: 1 << 10)
  /// Words were passed over between the name and the operator.
  static let spacedName = GenericTraits(rawValue: 1 << 11)
  /// The line has the grammar of a login, whatever its words.
  static let grammar = GenericTraits(rawValue: 1 << 12)
  /// Such a grammar, of the kind that documentation and tests use as well: the value must look chosen.
  static let loose = GenericTraits(rawValue: 1 << 13)
}

/// A value that something names. All ranges are in bytes of the buffer.
struct GenericClaim {
  var form: GenericForm
  var quote: GenericQuote
  var traits: GenericTraits
  /// The name; empty where the form has none.
  var name: Range<Int>
  /// The callee that wraps the literal; empty without ``GenericTraits/wrapped``.
  var callee: Range<Int>
  var value: Range<Int>

  /// From the name to the value's end.
  var whole: Range<Int> {
    name.isEmpty ? value : min(name.lowerBound, value.lowerBound)..<max(name.upperBound, value.upperBound)
  }
}

/// The limits of the generic case.
public enum GenericLimits {
  /// The most that is read before a literal that leads to a claim, in bytes.
  public static let bytesBefore = 256
  /// The most that is read behind it, in bytes.
  public static let bytesBehind = 2_048
  /// The most before a literal that a candidate can depend on, in bytes: what is read before it, and the lines before that.
  public static let dependsBefore = 2 * bytesBefore
  /// The most behind a literal that a candidate can depend on, in bytes.
  public static let dependsBehind = 2 * bytesBehind
  /// What a hit's outcome depends on, in bytes before the literal: a claim, and the lines round it.
  static let windowBefore = 2 * bytesBefore
  /// The same behind the literal: a structure may be long, a value beside a name is not.
  static func windowBehind(_ anchor: GenericAnchor) -> Int { anchor == .name ? unquotedBytes + 128 : bytesBehind + 512 }
  /// The most claims of one hit that are followed.
  static let claimsOfHit = 100
  /// The longest value without quotes, in bytes.
  static let unquotedBytes = 512
  /// The longest name, in bytes, on either side of the literal.
  static let nameBytes = 64
  /// The most claims that are measured in a buffer of so many bytes. Ordinary files have one in some thousand bytes, files
  /// of nothing but settings one in forty; what has more is made to keep us busy.
  static func claims(in count: Int) -> Int { 2_000 + count / 32 }
  /// The shortest value, in bytes.
  static let leastBytes = 3
}
