"""One module a part of the request, each with the table of what people do to it. `written`: how a signature is sent."""
