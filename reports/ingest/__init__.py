"""Apple's sales and finance report files: layouts, recognition, and a reader that makes COPY bytes."""
