"""What is printed: pages, engines, rulings, tables, layout. Knows no dictionary."""
