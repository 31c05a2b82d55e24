"""Texts in the place of a value, whichever part it is of: a template's name, nothing, marks at its ends, wrappers."""

# ruff: noqa: RUF001 (marks that are alike are here for that)

from __future__ import annotations

from collections.abc import Iterator

from ..spellings import snake_case

# How a template, a configuration or a program writes the name of a value that was never put in.
_FORMS = r"""
NAME
{NAME}
${NAME}
$NAME
{{NAME}}
{{ NAME }}
{{$NAME}}
{{$json.NAME}}
{{ $json.NAME }}
$json.NAME
{{$json.body.NAME}}
<NAME>
<<NAME>>
[NAME]
(NAME)
:NAME
#{NAME}
%NAME%
%(NAME)s
%{NAME}
@NAME
@{NAME}
$(NAME)
$env:NAME
${{NAME}}
=NAME
={{NAME}}
__NAME__
'NAME'
"NAME"
self.NAME
this.NAME
request.NAME
NAME()
{NAME:s}
<int:NAME>
<str:NAME>
{self.NAME}
\(NAME)
${this.NAME}
{$NAME}
""".strip().split("\n")

# Those of shells and configurations, which write names in upper case.
_SHELL_FORMS = ("NAME", "$NAME", "${NAME}", "%NAME%", "{{NAME}}", "{NAME}", "<NAME>", "__NAME__", "[NAME]", "$env:NAME")

# What programs print for nothing, for an object, or for a place that nothing was put into.
ABSENT = r"""
undefined
null
None
nil
<nil>
NULL
Null
NaN
N/A
False
false
True
true
0
1
-1
-
{}
[]
()
''
""
b''
[object Object]
[object Promise]
[object Undefined]
[object Null]
[object Array]
[Function]
[Function (anonymous)]
[native code]
Promise { <pending> }
Optional.empty
Optional[]
nothing
Nothing
none
(null)
%s
%d
%v
%@
%!s(<nil>)
%!v(MISSING)
%!s(MISSING)
%!d(MISSING)
Array
{}{}
{0}
{1}
$1
%1
?
*
System.Object
System.String
System.Byte[]
System.Object[]
System.String[]
System.Char[]
System.__ComObject
#N/A
#NAME?
#VALUE!
#REF!
""".strip().split("\n")

# How a program prints a value of some type, or a person marks one.
_WRAPPERS = r"""
'VALUE'
"VALUE"
`VALUE`
b'VALUE'
b"VALUE"
u'VALUE'
r'VALUE'
f'VALUE'
@'VALUE'
[VALUE]
(VALUE)
{VALUE}
<VALUE>
{{VALUE}}
<<VALUE>>
((VALUE))
${VALUE}
#{VALUE}
['VALUE']
["VALUE"]
('VALUE',)
('VALUE')
("VALUE")
(VALUE,)
{'VALUE'}
{"VALUE"}
“VALUE”
‘VALUE’
„VALUE“
«VALUE»
‹VALUE›
\'VALUE\'
\"VALUE\"
'"VALUE"'
"'VALUE'"
Some(VALUE)
Some("VALUE")
Ok(VALUE)
Optional(VALUE)
Optional("VALUE")
Optional[VALUE]
Just VALUE
Decimal('VALUE')
Decimal(VALUE)
np.int64(VALUE)
np.float64(VALUE)
np.str_('VALUE')
Long(VALUE)
Number(VALUE)
String(VALUE)
BigInt(VALUE)
NumberLong(VALUE)
NumberLong("VALUE")
str(VALUE)
[String: 'VALUE']
[Number: VALUE]
URL('VALUE')
URL("VALUE")
URL(VALUE)
Uri(VALUE)
new URL('VALUE')
SecretStr('VALUE')
Secret(VALUE)
StringValue(VALUE)
Value(VALUE)
Atom(VALUE)
:VALUE
:'VALUE'
%!s(int64=VALUE)
%!s(int=VALUE)
%!d(string=VALUE)
%!d(float64=VALUE)
%!f(int64=VALUE)
%!x(int64=VALUE)
%!(EXTRA string=VALUE)
%!(EXTRA int64=VALUE)
/Date(VALUE)/
\/Date(VALUE)\/
Timestamp(VALUE)
Timestamp('VALUE')
datetime(VALUE)
array([VALUE])
*VALUE*
**VALUE**
_VALUE_
|VALUE|
'''VALUE'''
--VALUE--
%VALUE%
&VALUE&
=VALUE
+VALUE
$VALUE
@VALUE
#VALUE
value=VALUE
value: VALUE
= VALUE
: VALUE
> VALUE
""".strip().split("\n")

# Marks of more than one character, and those that are written and not made.
_WRITTEN = r"""
\n
\r
\r\n
\t
\0
\\
\u000a
\u0000
\x00
%0A
%0D%0A
%0D
%20
%09
%00
&#10;
&nbsp;
<br>
<br/>
==
===
...
//
--
::
;;
,,
/*
""".strip().split("\n")  # What is not seen, or hardly: it comes along when a text is pasted or read from a file.
_INVISIBLE = (
    *(*range(1, 0x21), 0x7F, 0x85, 0xA0, 0xAD, 0x180E, *range(0x2000, 0x2010), *range(0x2028, 0x2030), 0x205F),
    *(*range(0x2060, 0x2065), 0x3000, 0xFEFF, 0xFFFD),
)
_SPACES = (
    *("\r\n", "\r\n\r\n", "\n\n", "\n\n\n", " \n", "\t\n", "\n ", "  ", "   ", "    ", "\t\t", "\ufeff\ufeff", "\0\0"),
    *(", ", "; ", ": ", " =", "= ", " - "),
)
_QUOTES = ('"\n', "'\n", '"\r\n', "'\r\n", '";', "';", '",', "',", '")', "')", '"]', '"}', "'''", '"""')
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~–—−‘’‚“”„«»‹›…·•´¨§°¶€£"
MARKS = (*map(chr, _INVISIBLE), *_SPACES, *_QUOTES, *_PUNCTUATION, *_WRITTEN)


def placeholders(*names: str, shells: bool = True) -> Iterator[str]:
    """Each name as templates write one, and as shells do where `shells`."""
    for name in names:
        for form in _FORMS:
            yield form.replace("NAME", name)
        if shells and name.isidentifier():
            yield from (form.replace("NAME", snake_case(name).upper()) for form in _SHELL_FORMS)


def marked(text: str) -> Iterator[str]:
    """`text` with a mark at its end, in front, or at both ends; or there twice with one between."""
    for mark in MARKS:
        yield from (text + mark, mark + text, mark + text + mark, text + mark + text)


def wrapped(text: str) -> Iterator[str]:
    """`text` as programs print a value of some type, or as people mark one."""
    for form in _WRAPPERS:
        yield form.replace("VALUE", text)
